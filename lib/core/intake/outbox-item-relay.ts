import { messageOf } from '../base/serialize-error.ts';
import { orderingGroup } from '../model/ordering-group.ts';
import { DEFAULT_PRIORITY, type Priority } from '../model/priority.ts';
import { digestOf } from '../model/request-id.ts';
import { closestOf } from '../model/topic.ts';
import type { OutputMessage, OutputQueue } from '../ports/message-sink.ts';
import type { OutboxItem, OutboxItems } from '../ports/outbox-items.ts';
import type { Logger } from '../ports/telemetry.ts';
import { BatchPublisher, type Publication } from '../wire/batch-publisher.ts';
import { messageJson, toMessageText } from '../wire/message-text.ts';
import { type OutboxEntry, readOutboxEntry } from '../wire/outbox-entry.ts';
import { publishInOrder } from './publish-in-order.ts';

/** The input queues of a processor. */
export interface OutboxItemDestination {
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  /** Whether the queue keeps the order of a group. */
  readonly ordered: boolean;
  readonly queue: OutputQueue;
  /** The queues of other priorities. @default - their requests go to {@link queue} */
  readonly lanes?: Readonly<Partial<Record<Priority, OutputQueue>>>;
}

/** The ports of an {@link OutboxItemRelay}. */
export interface OutboxItemRelayPorts<Key> {
  readonly table: OutboxItems<Key>;
  /** A request without a matching processor goes to the first one, which fails it, so that it has an outcome. */
  readonly destinations: readonly [OutboxItemDestination, ...OutboxItemDestination[]];
  /** Receives rows that can't be relayed. */
  readonly failures: OutputQueue;
  readonly logger: Logger;
}

/** A readable row, and where it goes. */
interface Placed {
  readonly entry: OutboxEntry;
  readonly queue: OutputQueue;
  readonly message: OutputMessage;
  /** Undefined for a request without an order. */
  readonly sequence: string | undefined;
}

type Publishers = (queue: OutputQueue) => BatchPublisher<OutputMessage>;

/** Relays the rows of an outbox table to input queues, then deletes them: a row in the table isn't relayed yet. */
export class OutboxItemRelay<Key> {
  readonly #ports: OutboxItemRelayPorts<Key>;

  constructor(ports: OutboxItemRelayPorts<Key>) {
    this.#ports = ports;
  }

  /**
   * Relays rows, in as few calls as possible. Rows with the same ordering key are sent one after another in the given order, if
   * the queue keeps it; after a row that isn't sent, no other row of its key is. A row that no queue can take is moved to the
   * queue of failures. Never rejects.
   * @returns whether each row is done: its request is in a queue, and the row is deleted. The others are to be relayed again:
   *   a request that arrives twice is one request.
   */
  async relay(rows: readonly OutboxItem<Key>[]): Promise<boolean[]> {
    const publishers = publishersOf();
    const readable = new Map<OutboxItem<Key>, Placed>();
    const unreadable = new Map<OutboxItem<Key>, string>();
    for (const row of rows) {
      try {
        readable.set(row, this.#place(readOutboxEntry(row.texts)));
      } catch (error) {
        unreadable.set(row, messageOf(error));
      }
    }
    const sent = await publishInOrder(
      [...readable],
      ([, { sequence }]) => sequence,
      ([, { queue, message }]) => publishers(queue).publish(message),
    );
    const publications = new Map([...readable.keys()].map((row, index) => [row, sent[index]]));
    const gone = await Promise.all(
      rows.map(async (row) => {
        const publication = publications.get(row);
        if (publication?.published) return true;
        const problem = unreadable.get(row) ?? (publication?.refused ? publication.reason : undefined);
        if (problem !== undefined) return this.#divert(row, problem, publishers);
        this.#logFailure(readable.get(row), publication);
        return false;
      }),
    );
    const left = await this.#ports.table.remove(rows.filter((_, index) => gone[index]).map(({ key }) => key));
    if (left.size > 0) {
      this.#ports.logger.warn('Rows of the outbox were relayed but not deleted: they are relayed again', {
        rows: left.size,
      });
    }
    return rows.map(({ key }, index) => gone[index] === true && !left.has(key));
  }

  #place(entry: OutboxEntry): Placed {
    const { destinations } = this.#ports;
    const { id, tenant, topic, priority = DEFAULT_PRIORITY, orderingKey } = entry;
    const { ordered, queue, lanes } = closestOf(destinations, topic) ?? destinations[0];
    const group = ordered ? orderingGroup(tenant, orderingKey) : tenant && digestOf(tenant);
    // As the API names a submission, so that FIFO queues drop a second one.
    const deduplicationId = digestOf(id, ...(tenant === undefined ? [] : [tenant]));
    return {
      entry,
      queue: lanes?.[priority] ?? queue,
      message: {
        body: entry.message,
        attributes: {},
        ...(group && { group }),
        ...(ordered && { deduplicationId }),
      },
      sequence: ordered ? group : undefined,
    };
  }

  /** @returns whether the queue of failures has the row, so that it can be deleted */
  async #divert({ json }: OutboxItem<Key>, problem: string, publishers: Publishers): Promise<boolean> {
    const { failures, logger } = this.#ports;
    const reason = { type: 'String', value: toMessageText(problem).slice(0, MAX_REASON_LENGTH) };
    const publication = await publishers(failures).publish({
      body: messageJson(json),
      attributes: { Reason: reason },
    });
    if (publication.published) {
      logger.error('A row of the outbox could not be relayed, and is in the queue of failures', { problem });
      return true;
    }
    logger.error('A row of the outbox can neither be relayed nor moved to the queue of failures', {
      problem,
      reason: publication.reason,
    });
    return false;
  }

  #logFailure(placed: Placed | undefined, publication: Publication | undefined): void {
    this.#ports.logger.warn('A request of the outbox is not relayed yet', {
      requestId: placed?.entry.id,
      reason: publication && !publication.published ? publication.reason : undefined,
    });
  }

  /**
   * Relays the rows whose requests were made before a time, which the stream didn't deliver: it keeps records for a day.
   * @param before milliseconds since 1970
   * @param mayContinue whether there is time for another page
   * @returns the numbers of rows that are done, and of those that are still to be relayed
   */
  async sweep(
    before: number,
    mayContinue: () => boolean,
  ): Promise<{ readonly done: number; readonly left: number }> {
    const totals = { done: 0, left: 0 };
    for await (const page of this.#ports.table.leftovers(before)) {
      // Ids begin with their time.
      const rows = page.toSorted((one, other) => ((one.texts.id ?? '') < (other.texts.id ?? '') ? -1 : 1));
      const done = (await this.relay(rows)).filter(Boolean).length;
      totals.done += done;
      totals.left += rows.length - done;
      if (!mayContinue()) break;
    }
    return totals;
  }
}

/** In characters: the attribute of a message has room for more. */
const MAX_REASON_LENGTH = 1_000;

/** One publisher for each queue. */
function publishersOf(): Publishers {
  const publishers = new Map<OutputQueue, BatchPublisher<OutputMessage>>();
  return (queue) => {
    const known = publishers.get(queue) ?? new BatchPublisher(queue, Math.random, () => false);
    publishers.set(queue, known);
    return known;
  };
}
