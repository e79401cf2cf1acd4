import { single } from '../base/byte-streams.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { digestOf } from '../model/request-id.ts';
import type { OutputMessage, OutputQueue } from '../ports/message-sink.ts';
import type { PayloadStore } from '../ports/payload-store.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import { BatchPublisher } from '../wire/batch-publisher.ts';
import { encodePointer } from '../wire/extended-client.ts';
import { encodeRelayed } from '../wire/relayed-message.ts';

/** The ports of a {@link Relay}. */
export interface RelayPorts {
  readonly queue: OutputQueue;
  /** Keeps messages that are too large for the queue. */
  readonly store: PayloadStore;
}

/** Relays messages of other queue systems to the input queue. */
export class Relay {
  readonly #ports: RelayPorts;
  readonly #payloadPrefix: string;

  constructor(ports: RelayPorts, payloadPrefix: string) {
    this.#ports = ports;
    this.#payloadPrefix = payloadPrefix;
  }

  /**
   * Sends messages to the input queue, in as few calls as possible.
   * @throws Error if the queue didn't confirm all of them. They can be relayed again: one that arrives twice is one
   *   request. Any error of the store.
   */
  async relay(messages: readonly QueueMessage[]): Promise<void> {
    const outgoing = await Promise.all(messages.map((message) => this.#outgoing(message)));
    const publisher = new BatchPublisher(this.#ports.queue, Math.random, () => false);
    const publications = await Promise.all(outgoing.map((message) => publisher.publish(message)));
    const failures = publications.flatMap((one) => (one.published ? [] : [one.reason]));
    if (failures.length === 0) return;
    throw new Error(
      `The input queue did not accept ${failures.length} of ${messages.length} messages: ${failures[0]}`,
    );
  }

  async #outgoing(message: QueueMessage): Promise<OutputMessage> {
    const { queue } = this.#ports;
    const body = encodeRelayed(message);
    const inline = { body, attributes: {}, ...fairGroup(message) };
    if (queue.sizeOf(inline) <= queue.maxMessageBytes) return inline;
    return { ...(await this.#stored(body, message.id)), ...fairGroup(message) };
  }

  async #stored(body: string, id: string): Promise<OutputMessage> {
    const key = `${this.#payloadPrefix}relayed-${digestOf(id)}`;
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

/** The group of the tenant's other requests, so that the queue is fair among tenants. */
function fairGroup({ attributes, group }: QueueMessage): Pick<OutputMessage, 'group'> {
  const owner = attributes[ATTRIBUTES.tenant] ?? group;
  return owner === undefined ? {} : { group: digestOf(owner) };
}
