import { CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import type { AlarmSource, AlarmState, ServiceAlarm } from '../core/ports/alarms.ts';
import { SMALL_CALLS } from './clients.ts';

const STATES: Readonly<Record<string, AlarmState>> = { OK: 'ok', ALARM: 'alarm' };

/** Most alarms in a page. */
const PAGE = 100;

/** The alarms of a stack in CloudWatch. */
export class CloudWatchAlarms implements AlarmSource {
  readonly #client: CloudWatchClient;
  readonly #prefix: string;

  /** @param prefix of the names of the alarms */
  constructor(client: CloudWatchClient, prefix: string) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async read(): Promise<readonly ServiceAlarm[]> {
    const alarms: ServiceAlarm[] = [];
    const request = { AlarmNamePrefix: this.#prefix, AlarmTypes: ['MetricAlarm' as const] };
    for await (const { MetricAlarms = [] } of paginateDescribeAlarms(
      { client: this.#client, pageSize: PAGE },
      request,
    )) {
      alarms.push(...MetricAlarms.map(alarmOf));
    }
    return alarms;
  }
}

/** A client for alarms. */
export function alarmClient(): CloudWatchClient {
  return new CloudWatchClient({ requestHandler: SMALL_CALLS });
}

function alarmOf({ AlarmName = '', AlarmDescription, StateValue, ...rest }: MetricAlarm): ServiceAlarm {
  const { StateTransitionedTimestamp, StateUpdatedTimestamp, StateReason } = rest;
  const since = (StateTransitionedTimestamp ?? StateUpdatedTimestamp)?.getTime();
  return {
    name: nameOf(AlarmName),
    state: (StateValue && STATES[StateValue]) ?? 'unknown',
    ...(since !== undefined && { since }),
    ...(StateReason && { reason: StateReason }),
    description: AlarmDescription ?? '',
  };
}

/**
 * What the construct of an alarm is called: CloudFormation names it by the stack, the path of its construct with a hash of 8 characters,
 * and some characters more.
 */
function nameOf(alarmName: string): string {
  return /.*Alarms([A-Z][A-Za-z]*?)[0-9A-F]{8}-/.exec(alarmName)?.[1] ?? alarmName;
}
