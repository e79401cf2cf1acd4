import type { QueueMessage } from '../model/received-message.ts';
import { closestOf } from '../model/topic.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import { cloudEventOf } from '../wire/decode-cloudevent.ts';
import type { Relay } from './relay.ts';

/** The relay to the queue of a processor. */
export interface RelayDestination {
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  readonly relay: Pick<Relay, 'relay'>;
}

/**
 * Relays each message to the queue of the processor with the closest pattern. A message without a matching processor goes to
 * the first one, which fails its request, so that its sender gets an outcome.
 * @throws what the relays throw, after all of them have ended
 */
export async function relayByTopic(
  messages: readonly QueueMessage[],
  destinations: readonly [RelayDestination, ...RelayDestination[]],
): Promise<void> {
  const [first, ...others] = destinations;
  const batches = Map.groupBy(messages, (message) =>
    others.length === 0 ? first : (closestOf(destinations, topicOf(message)) ?? first),
  );
  const relays = [...batches].map(([{ relay }, batch]) => relay.relay(batch));
  const failed = (await Promise.allSettled(relays)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** The topic that a message states, valid or not. As in `decode`, the topic of a CloudEvent is a member of the event. */
function topicOf(message: QueueMessage): string | undefined {
  const event = cloudEventOf(message);
  if (!event) return message.attributes[ATTRIBUTES.topic];
  return typeof event.topic === 'string' ? event.topic : undefined;
}
