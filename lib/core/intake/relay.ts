import { single } from '../base/byte-streams.ts';
import { orderingGroup } from '../model/ordering-group.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { digestOf } from '../model/request-id.ts';
import type { OutputMessage, OutputQueue } from '../ports/message-sink.ts';
import type { PayloadStore } from '../ports/payload-store.ts';
import { BatchPublisher } from '../wire/batch-publisher.ts';
import { encodePointer } from '../wire/extended-client.ts';
import { orderingPlaceOf } from '../wire/message-group.ts';
import { encodeRelayed } from '../wire/relayed-message.ts';

/** Options of a {@link Relay}. */
export interface RelayOptions {
  /** The prefix of messages that are too large for the queue. */
  readonly payloadPrefix: string;
  /** Whether the input queue keeps the order of a group. */
  readonly ordered: boolean;
}

/** The ports of a {@link Relay}. */
export interface RelayPorts {
  readonly queue: OutputQueue;
  /** Keeps messages that are too large for the queue. */
  readonly store: PayloadStore;
}

/** Relays messages of other queue systems to the input queue. */
export class Relay {
  readonly #ports: RelayPorts;
  readonly #options: RelayOptions;

  constructor(ports: RelayPorts, options: RelayOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /**
   * Sends messages to the input queue, in as few calls as possible. Those of a group are sent one after another, if the queue
   * keeps their order. After one that isn't accepted, none of its group is sent.
   * @throws Error if the queue didn't confirm all of them. They can be relayed again: one that arrives twice is one
   *   request. Any error of the store.
   */
  async relay(messages: readonly QueueMessage[]): Promise<void> {
    const outgoing = await Promise.all(messages.map((message) => this.#outgoing(message)));
    const publisher = new BatchPublisher(this.#ports.queue, Math.random, () => false);
    const { ordered } = this.#options;
    const sequences = Map.groupBy(outgoing, (message) => (ordered ? message.group : undefined) ?? message);
    const sending = [...sequences.values()].map((sequence) => sendInOrder(sequence, publisher));
    const failures = (await Promise.all(sending)).flat();
    if (failures.length === 0) return;
    throw new Error(
      `The input queue did not accept ${failures.length} of ${messages.length} messages: ${failures[0]}`,
    );
  }

  async #outgoing(message: QueueMessage): Promise<OutputMessage> {
    const { queue } = this.#ports;
    const body = encodeRelayed(message);
    const place = this.#options.ordered ? orderedPlace(message) : fairGroup(message);
    const inline = { body, attributes: {}, ...place };
    if (queue.sizeOf(inline) <= queue.maxMessageBytes) return inline;
    return { ...(await this.#stored(body, message.id)), ...place };
  }

  async #stored(body: string, id: string): Promise<OutputMessage> {
    const key = `${this.#options.payloadPrefix}relayed-${digestOf(id)}`;
    const never = new AbortController().signal;
    const { check, size } = await this.#ports.store.save(
      key,
      single(Buffer.from(body)),
      'application/json',
      never,
    );
    return encodePointer(check, size);
  }
}

/** @returns why messages weren't sent */
async function sendInOrder(
  messages: readonly OutputMessage[],
  publisher: BatchPublisher<OutputMessage>,
): Promise<string[]> {
  for (const [place, message] of messages.entries()) {
    const publication = await publisher.publish(message);
    if (!publication.published) return messages.slice(place).map(() => publication.reason);
  }
  return [];
}

/** The group of the requests that run in order with a message, and the name by which it is dropped if it comes again. */
function orderedPlace(message: QueueMessage) {
  const { tenant, key = message.group } = orderingPlaceOf(message);
  return { group: orderingGroup(tenant, key), deduplicationId: digestOf(message.id) };
}

/** The group of the tenant's other requests, so that the queue is fair among tenants. */
function fairGroup(message: QueueMessage): Pick<OutputMessage, 'group'> {
  const { tenant } = orderingPlaceOf(message);
  return tenant === undefined ? {} : { group: digestOf(tenant) };
}
