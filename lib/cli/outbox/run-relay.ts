import { whenAborted } from '../../core/base/when-aborted.ts';
import type { OutboxEnvironment } from '../../core/config/outbox-environment.ts';
import { processLogger } from '../../lambda/powertools-logger.ts';
import { OutboxMetrics } from '../../outbox/outbox-metrics.ts';
import { OutboxRelay } from '../../outbox/outbox-relay.ts';
import type { OutboxSource } from '../../outbox/outbox-source.ts';
import { StatusServer } from '../../worker/status-server.ts';
import { loggableSettings } from '../loggable-settings.ts';
import { PortOpener } from '../worker/open-ports.ts';
import { openDestination } from './open-destination.ts';
import { openOutbox } from './open-outbox.ts';

/** How long a call that has begun may last after the signal, in milliseconds. */
const GRACE_MILLISECONDS = 8_000;

/**
 * Relays an outbox until the signal fires and the batch of that moment has ended.
 * @throws ConfigurationError for a table, a queue or a store that can't be used
 */
export async function runRelay(environment: OutboxEnvironment, signal: AbortSignal): Promise<void> {
  const { serviceName, order, statusPort } = environment;
  const logger = processLogger({ serviceName, handlerVersion: undefined });
  let source: OutboxSource | undefined;
  let relay: OutboxRelay | undefined;
  const metrics = new OutboxMetrics(serviceName, async () => {
    if (source) return source.level();
    throw new Error('The outbox is not open yet');
  });
  const status = () => {
    if (!relay) return { state: 'starting', isReady: false };
    return relay.isHealthy ? { state: 'ready', isReady: true } : { state: 'failing', isReady: false };
  };
  await using server = await StatusServer.listen(statusPort, { status, metrics });
  await using opener = new PortOpener(logger);
  const publish = await openDestination(environment, opener, givenUp(signal));
  await using outbox = await openOutbox(environment, { ordered: order === 'fifo', logger, signal });
  if (!outbox) return;
  source = outbox;
  relay = new OutboxRelay(outbox, publish, {
    logger,
    random: Math.random,
    onBatch: (batch) => metrics.add(batch),
  });
  logger.info('Relay started', { ...loggableSettings(environment), statusPort: server.port });
  whenAborted(signal, () => logger.info('Relay is stopping'));
  await relay.run(signal);
  logger.info('Relay stopped');
}

/** Fires some time after another signal. */
function givenUp(signal: AbortSignal): AbortSignal {
  const end = new AbortController();
  const giveUp = () => end.abort(new Error('The relay stops, and the call did not end in time'));
  whenAborted(signal, () => setTimeout(giveUp, GRACE_MILLISECONDS).unref());
  return end.signal;
}
