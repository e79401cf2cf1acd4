import type { MessageAttribute, QueueMessage } from '../../core/model/received-message.ts';
import type { Backlog } from '../../core/ports/message-source.ts';
import type { Confirmation } from './group-commit.ts';
import { BEHIND_ANOTHER } from './keep-order.ts';
import { numberOf, type Row, textOf } from './row.ts';
import type { QueueChange, SqliteFile } from './sqlite-file.ts';
import type { TenantTurns } from './tenant-turns.ts';

const INSERT = `INSERT INTO messages (queue, visible_at, sent_at, id, name, message_group, attributes, body)
  VALUES (:queue, :visibleAt, :sentAt, :id, :name, :group, :attributes, :body) ON CONFLICT (queue, name) DO NOTHING`;

const NEXT_VISIBLE = 'SELECT min(visible_at) AS at FROM messages WHERE queue = :queue';

const RECEIVE = `UPDATE messages SET visible_at = :hiddenUntil, deliveries = deliveries + 1,
    first_delivered_at = coalesce(first_delivered_at, :now)
  WHERE number IN (
    SELECT number FROM messages WHERE queue = :queue AND visible_at <= :now ORDER BY visible_at, number LIMIT :max
  ) RETURNING *`;

const RECEIVE_CHOSEN = `UPDATE messages SET visible_at = :hiddenUntil, deliveries = deliveries + 1,
    first_delivered_at = coalesce(first_delivered_at, :now)
  WHERE number IN (SELECT value FROM json_each(:chosen)) RETURNING *`;

const HIDE = 'UPDATE messages SET visible_at = :until WHERE number = :number AND deliveries = :delivery';

const PROMOTE = `UPDATE messages SET visible_at = :now
  WHERE queue = :queue AND name = :name AND visible_at > :now AND deliveries = 0`;

const DELETE = 'DELETE FROM messages WHERE number = :number AND deliveries = :delivery';

/** Reads a page of a queue. */
export const READ_PAGE =
  'SELECT * FROM messages WHERE queue = :queue AND number > :after ORDER BY number LIMIT :max';

const WAITS = `visible_at <= :now OR visible_at = ${BEHIND_ANOTHER}`;

const BACKLOG = `SELECT count(*) FILTER (WHERE ${WAITS}) AS waiting, min(sent_at) FILTER (WHERE ${WAITS}) AS oldest,
    count(*) FILTER (WHERE visible_at > :now AND deliveries > 0) AS in_flight
  FROM messages WHERE queue = :queue`;

/** A message to be put into a queue. */
export interface NewMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  readonly group?: string;
  /** While a message of a name is in its queue, others of the name are dropped. */
  readonly name?: string;
  /** When it can be delivered, in milliseconds since 1970. @default - at once */
  readonly visibleAt?: number;
}

/** A delivery of a message. Its methods have no effect on later deliveries of the message. */
export interface Delivery {
  readonly message: QueueMessage;
  /** Deletes the message. */
  delete(): Promise<void>;
  /** Hides the message. @param until milliseconds since 1970 */
  hide(until: number): Promise<void>;
}

/**
 * The messages of one queue in a file. Except for what is sent, no change waits for the disk: if a loss of power undoes it,
 * a message is delivered again.
 */
export class MessageTable {
  readonly #file: SqliteFile;
  readonly #queue: string;
  readonly #ordered: boolean;

  /** @param ordered whether the queue keeps the order of groups, so that deleting a message makes another one visible */
  constructor(file: SqliteFile, queue: string, ordered = false) {
    this.#file = file;
    this.#queue = queue;
    this.#ordered = ordered;
  }

  /** @param now milliseconds since 1970. @param confirmation when to resolve. @default 'on disk' */
  async send(messages: readonly NewMessage[], now: number, confirmation?: Confirmation): Promise<void> {
    await this.#file.write(this.sending(messages, now), confirmation, this.#queue);
  }

  /**
   * The change that sends messages, for a transaction that makes others too. It returns which of them it put into the queue.
   * @param now milliseconds since 1970
   */
  sending(messages: readonly NewMessage[], now: number): () => readonly boolean[] {
    const rows = messages.map(({ body, attributes = {}, group = null, name = null, visibleAt = now }) => ({
      queue: this.#queue,
      visibleAt: Math.ceil(visibleAt),
      sentAt: now,
      id: crypto.randomUUID(),
      name,
      group,
      attributes: JSON.stringify(attributes, writeBytes),
      body,
    }));
    return () => rows.map((row) => this.#file.statement(INSERT).run(row).changes === 1);
  }

  /** Makes a message that waits for its first delivery deliverable. @param now milliseconds since 1970 */
  async promote(name: string, now: number): Promise<void> {
    const promote = () => this.#file.statement(PROMOTE).run({ queue: this.#queue, name, now });
    await this.#file.write(promote, 'committed', this.#queue);
  }

  /**
   * Waits until other messages may be deliverable.
   * @returns `changing` if {@link receive} knows, since it shares the transaction of the change, and `changed` if
   *   {@link nextVisibleAt} knows
   */
  whenChanged(milliseconds: number, signal: AbortSignal): Promise<QueueChange> {
    return this.#file.whenChanged(this.#queue, milliseconds, signal);
  }

  /** When the next message can be delivered, in milliseconds since 1970; undefined if the queue is empty. */
  nextVisibleAt(): number | undefined {
    return numberOf(this.#file.statement(NEXT_VISIBLE).get({ queue: this.#queue })?.at);
  }

  /** Delivers visible messages, those that became visible first, and hides them. Times are milliseconds since 1970. */
  async receive(max: number, now: number, hiddenUntil: number): Promise<Delivery[]> {
    const bound = { queue: this.#queue, max, now, hiddenUntil };
    return this.#deliver(() => this.#file.statement(RECEIVE).all(bound));
  }

  /** As {@link receive}, but tenants take turns. Only for a queue that doesn't keep order. */
  async receiveInTurns(
    turns: TenantTurns,
    max: number,
    now: number,
    hiddenUntil: number,
  ): Promise<Delivery[]> {
    if (!turns.isOn) {
      const deliveries = await this.receive(max, now, hiddenUntil);
      if (deliveries.some(({ message }) => message.group !== undefined)) await turns.begin();
      return deliveries;
    }
    return this.#deliver(() => {
      const chosen = JSON.stringify(turns.choose(max, now));
      return this.#file.statement(RECEIVE_CHOSEN).all({ chosen, now, hiddenUntil });
    });
  }

  /** Reads its messages in pages, and leaves them as they are. @param max messages of a page */
  *pages(max: number): Generator<readonly QueueMessage[], void> {
    let after = 0;
    for (;;) {
      const rows = this.#file.statement(READ_PAGE).all({ queue: this.#queue, after, max });
      if (rows.length === 0) return;
      yield rows.map(messageOf);
      after = Number(rows.at(-1)?.number);
    }
  }

  /** Counts its messages. @param now milliseconds since 1970 */
  backlog(now: number): Backlog {
    const counts = this.#file.statement(BACKLOG).get({ queue: this.#queue, now });
    return {
      waiting: Number(counts?.waiting),
      inFlight: Number(counts?.in_flight),
      ...(typeof counts?.oldest === 'number' && { oldestSentAt: counts.oldest }),
    };
  }

  async #deliver(receive: () => Row[]): Promise<Delivery[]> {
    const rows = await this.#file.write(receive, 'committed');
    return rows
      .toSorted((one, other) => Number(one.number) - Number(other.number))
      .map((row) => this.#delivery(row));
  }

  #delivery(row: Row): Delivery {
    const key = { number: Number(row.number), delivery: Number(row.deliveries) };
    return {
      message: messageOf(row),
      delete: async () => {
        const changed = this.#ordered ? this.#queue : undefined;
        await this.#file.write(() => this.#file.statement(DELETE).run(key), 'committed', changed);
      },
      hide: async (until) => {
        const bound = { ...key, until: Math.ceil(until) };
        await this.#file.write(() => this.#file.statement(HIDE).run(bound), 'committed', this.#queue);
      },
    };
  }
}

/** The message of a row. */
export function messageOf(row: Row): QueueMessage {
  const attributes = attributesOf(String(row.attributes));
  const texts = attributes.flatMap(([name, { value }]) => (typeof value === 'string' ? [[name, value]] : []));
  const group = textOf(row.message_group);
  return {
    id: String(row.id),
    body: String(row.body),
    attributes: Object.fromEntries(texts),
    typedAttributes: Object.fromEntries(attributes.filter(([, { type }]) => type !== 'String')),
    ...(group !== undefined && { group }),
    deliveryCount: Number(row.deliveries),
    sentAt: Number(row.sent_at),
    firstDeliveredAt: numberOf(row.first_delivered_at),
  };
}

/** For JSON: bytes as base64. */
function writeBytes(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
}

function attributesOf(json: string): [string, MessageAttribute][] {
  const written: Record<string, { type: string; value: string | { base64: string } }> = JSON.parse(json);
  return Object.entries(written).map(([name, { type, value }]) => [
    name,
    { type, value: typeof value === 'string' ? value : Buffer.from(value.base64, 'base64') },
  ]);
}
