import { single } from '../base/byte-streams.ts';
import { JSON_TYPE } from '../base/media-type.ts';
import { messageOf } from '../base/serialize-error.ts';
import { orderingGroup } from '../model/ordering-group.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { digestOf } from '../model/request-id.ts';
import type { OutputMessage, OutputQueue } from '../ports/message-sink.ts';
import type { PayloadStore } from '../ports/payload-store.ts';
import { BatchPublisher, type Publication } from '../wire/batch-publisher.ts';
import { encodePointer } from '../wire/extended-client.ts';
import { type OrderingPlace, orderingPlaceOf } from '../wire/message-group.ts';
import { encodeRelayed, type RelayedContent } from '../wire/relayed-message.ts';
import { publishInOrder } from './publish-in-order.ts';

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
  /** Keeps messages that are too large for the queue. @default - none: they are refused */
  readonly store?: PayloadStore;
}

/** A message to relay. */
export type RelayedMessage = RelayedContent & Pick<QueueMessage, 'group'>;

type Place = Pick<OutputMessage, 'group' | 'deduplicationId'>;

/** Relays messages of other queue systems to the input queue, in as few calls as possible. */
export class Relay {
  readonly #ports: RelayPorts;
  readonly #options: RelayOptions;
  readonly #publisher: BatchPublisher<OutputMessage>;

  constructor(ports: RelayPorts, options: RelayOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#publisher = new BatchPublisher(ports.queue, Math.random, () => false);
  }

  /**
   * Sends messages to the input queue. Those of a group are sent one after another, if the queue keeps their order. After one
   * that isn't accepted, none of its group is sent.
   * @throws Error if the queue didn't confirm all of them, or the store failed. They can be relayed again: one that arrives
   *   twice is one request.
   */
  async relay(messages: readonly RelayedMessage[]): Promise<void> {
    const groupOf = (message: RelayedMessage) =>
      this.#options.ordered ? orderedPlace(message, orderingPlaceOf(message)).group : undefined;
    const publications = await publishInOrder(messages, groupOf, (message) => this.publish(message));
    const failures = publications.filter((publication) => !publication.published);
    if (failures.length === 0) return;
    throw new Error(
      `The input queue did not accept ${failures.length} of ${messages.length} messages: ${failures[0]?.reason}`,
    );
  }

  /**
   * Sends a message to the input queue, together with others that are published at the same time. Never rejects.
   * @param place its tenant and its key, if they are known
   */
  async publish(message: RelayedMessage, place?: OrderingPlace): Promise<Publication> {
    try {
      return await this.#publisher.publish(await this.#outgoing(message, place ?? orderingPlaceOf(message)));
    } catch (error) {
      return { published: false, refused: false, reason: messageOf(error) };
    }
  }

  async #outgoing(message: RelayedMessage, ordering: OrderingPlace): Promise<OutputMessage> {
    const { queue, store } = this.#ports;
    const body = encodeRelayed(message);
    const place = this.#options.ordered ? orderedPlace(message, ordering) : fairGroup(ordering);
    const inline = { body, attributes: {}, ...place };
    if (!store || queue.sizeOf(inline) <= queue.maxMessageBytes) return inline;
    return { ...(await this.#stored(body, objectNameOf(message, ordering), store)), ...place };
  }

  async #stored(body: string, name: string, store: PayloadStore): Promise<OutputMessage> {
    const key = `${this.#options.payloadPrefix}${name}`;
    const never = new AbortController().signal;
    const { check, size } = await store.save(key, single(Buffer.from(body)), JSON_TYPE, never);
    return encodePointer(check, size);
  }
}

/** Two tenants can have messages with the same id. */
function objectNameOf({ id }: RelayedMessage, { tenant }: OrderingPlace): string {
  return `relayed-${digestOf(id, ...(tenant === undefined ? [] : [tenant]))}`;
}

/** The group of the requests that run in order with a message, and the id by which the queue drops a duplicate of it. */
function orderedPlace({ id, group }: RelayedMessage, { tenant, key = group }: OrderingPlace): Place {
  return { group: orderingGroup(tenant, key), deduplicationId: digestOf(id) };
}

/** The group of the tenant's other requests, so that the queue is fair among tenants. */
function fairGroup({ tenant }: OrderingPlace): Place {
  return tenant === undefined ? {} : { group: digestOf(tenant) };
}
