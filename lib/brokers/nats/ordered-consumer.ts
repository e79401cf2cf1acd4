import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamManager,
  RetentionPolicy,
  type StreamConfig,
} from '@nats-io/jetstream';
import { ConfigurationError } from '../../core/base/errors.ts';
import { asConfigurationError, NANOSECONDS, UNLIMITED } from './stream.ts';
import type { NatsInputUrl } from './url.ts';

/** Names the consumers of a worker that keeps order, in their metadata. */
const METADATA = 'coatcheck-ordered';

/** After this time, a message is delivered again to the worker that holds it, which ignores that. */
const ACK_WAIT_SECONDS = 3_600;

/**
 * Checks that a stream lets a worker begin with the first message that isn't acknowledged, and that it is the only one.
 * @throws ConfigurationError that says what to change
 */
export async function checkOrderedStream(
  manager: JetStreamManager,
  { name, retention }: StreamConfig,
  { consumer }: NatsInputUrl,
): Promise<void> {
  if (retention !== RetentionPolicy.Workqueue) {
    throw new ConfigurationError(
      `The stream ${name} has the retention ${retention}: order is kept on work queues only, which hold just what isn't acknowledged. Create another stream with the retention workqueue`,
    );
  }
  for await (const { name: found, config } of manager.consumers.list(name)) {
    if (found !== consumer || config.metadata?.[METADATA] !== undefined) continue;
    throw new ConfigurationError(
      `The stream ${name} has the consumer ${found}, which delivers to several workers at a time. Drain the stream, stop its workers, and delete the consumer: nats consumer rm ${name} ${found}`,
    );
  }
}

/**
 * Checks that no worker keeps the order of a stream: its consumer stays when it stops, and NATS would refuse another one.
 * @throws ConfigurationError that says what to change
 */
export async function checkUnorderedStream(
  manager: JetStreamManager,
  { stream, consumer }: NatsInputUrl,
): Promise<void> {
  const [found] = await findOrderedConsumers(manager, stream, consumer);
  if (found === undefined) return;
  throw new ConfigurationError(
    `The stream ${stream} has the consumer ${found}, of a worker that keeps order. Drain the stream, stop its workers, and delete the consumer: nats consumer rm ${stream} ${found}`,
  );
}

/** Creates the consumer of a worker, under a name that no other has. @returns its name */
export async function createOrderedConsumer(
  manager: JetStreamManager,
  { stream, consumer, subject }: NatsInputUrl,
): Promise<string> {
  const name = `${consumer}-${crypto.randomUUID()}`;
  try {
    await manager.consumers.add(stream, {
      durable_name: name,
      metadata: { [METADATA]: consumer },
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ACK_WAIT_SECONDS * NANOSECONDS,
      max_deliver: UNLIMITED,
      max_ack_pending: UNLIMITED,
      ...(subject !== undefined && { filter_subject: subject }),
    });
    return name;
  } catch (error) {
    throw asConfigurationError(`A consumer of the stream ${stream} can't be created: it`, error);
  }
}

/** Deletes the consumers of all workers that keep the order of a stream. Its messages stay. */
export async function deleteOrderedConsumers(
  manager: JetStreamManager,
  { stream, consumer }: NatsInputUrl,
): Promise<void> {
  for (const name of await findOrderedConsumers(manager, stream, consumer)) {
    await manager.consumers.delete(stream, name);
  }
}

/** The names of the consumers of all workers that keep the order of a stream. */
async function findOrderedConsumers(
  manager: JetStreamManager,
  stream: string,
  consumer: string,
): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, config } of manager.consumers.list(stream)) {
    if (config.metadata?.[METADATA] === consumer) names.push(name);
  }
  return names;
}
