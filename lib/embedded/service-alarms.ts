import { wholeDuration } from '../core/base/time.ts';
import { ALARM_TEXTS } from '../core/config/alarm-texts.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import { ledgerOf } from '../core/operations/ledger.ts';
import type { AlarmSource, ServiceAlarm } from '../core/ports/alarms.ts';
import { SqliteLoadLog } from '../stores/sqlite/load-log.ts';
import type { ServiceParts } from './service-parts.ts';
import { QUEUES } from './storage.ts';

/** A request that waits longer raises an alarm, as on AWS by default. */
const OLDEST_SECONDS = NUMBER_SETTINGS.oldestRequestAlarmSeconds.default;

/** The state of an alarm. */
type Standing = Pick<ServiceAlarm, 'since' | 'reason'> & { readonly raised: boolean };

/**
 * The alarms of a service on one machine: those of AWS whose conditions can be read from its file at the moment. They aren't
 * stored, and send no notifications.
 */
export function serviceAlarms({
  storage,
  settings,
  webhookSecrets,
}: Pick<ServiceParts, 'storage' | 'settings' | 'webhookSecrets'>): AlarmSource {
  const { serviceName } = settings;
  const now = () => storage.clock.now();
  const lettersIn = async (queue: string): Promise<Standing> => {
    const { waiting, inFlight, oldestSentAt } = await storage.input(queue).read();
    const count = waiting + inFlight;
    return {
      raised: count > 0,
      since: oldestSentAt,
      reason: `${count} ${count === 1 ? 'message' : 'messages'}`,
    };
  };
  const oldestRequest = async (): Promise<Standing> => {
    const { oldestSentAt } = await storage.backlog.read();
    if (oldestSentAt === undefined) return { raised: false };
    const since = oldestSentAt + OLDEST_SECONDS * 1_000;
    return {
      raised: since <= now(),
      since,
      reason: `waiting since ${new Date(oldestSentAt).toISOString()}`,
    };
  };
  const ledgerDrift = async (): Promise<Standing> => {
    const { drift } = ledgerOf(await storage.ledger().read(), now());
    return { raised: drift !== 0, reason: `a drift of ${drift}` };
  };
  const paused = async (): Promise<Standing> => {
    const { pause } = await new SqliteLoadLog(storage.file).recent(now());
    const isOwn = pause !== undefined && pause.since === undefined && pause.until > now();
    return { raised: isOwn, reason: pause?.reason };
  };
  const alarm = async (
    name: string,
    standing: Promise<Standing>,
    description: readonly string[],
  ): Promise<ServiceAlarm> => {
    const { raised, since, reason } = await standing;
    return {
      name,
      state: raised ? 'alarm' : 'ok',
      ...(raised && since !== undefined && { since }),
      ...(raised && reason && { reason }),
      description: description.join(' '),
    };
  };
  return {
    read: () =>
      Promise.all([
        alarm('DeadLetters', lettersIn(QUEUES.deadLetters), ALARM_TEXTS.DeadLetters(serviceName)),
        ...(webhookSecrets
          ? [
              alarm('WebhookDeadLetters', lettersIn(QUEUES.webhookDeadLetters), [
                ...ALARM_TEXTS.WebhookDeadLetters(serviceName),
                'The log has the reason. When the receiver works again, run: npx coatcheck webhooks replay. If it is gone for good: npx coatcheck webhooks purge.',
              ]),
            ]
          : []),
        alarm('LedgerDrift', ledgerDrift(), [
          ...ALARM_TEXTS.LedgerDrift(serviceName),
          'For each of them and what to do, run: npx coatcheck audit.',
        ]),
        alarm('Paused', paused(), [
          ...ALARM_TEXTS.Paused(serviceName),
          'Requests wait without using up attempts. Fix what is down: processing continues by itself.',
        ]),
        alarm('OldestRequest', oldestRequest(), [
          ...ALARM_TEXTS.OldestRequest(serviceName, wholeDuration(OLDEST_SECONDS)),
          'Either more requests arrive than COATCHECK_CONCURRENCY allows to process, or attempts fail, or the request starts later.',
        ]),
      ]),
  };
}
