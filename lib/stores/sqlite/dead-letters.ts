import { setImmediate } from 'node:timers/promises';
import type { QueueMessage } from '../../core/model/received-message.ts';
import type { RequestIdentity } from '../../core/model/request-id.ts';
import { messageOf } from './message-table.ts';
import { recordKey } from './record-store.ts';
import type { Row } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Most dead letters that are read in one turn of the event loop. Each has up to 1 MiB. */
const MAX_ROWS = 100;

/** A message that another process has received isn't there until it comes back. */
const IS_FREE = 'visible_at <= :now';

const PAGE = `SELECT * FROM messages WHERE queue = :queue AND (sent_at, number) > (:sentAt, :number) AND ${IS_FREE}
  ORDER BY sent_at, number LIMIT ${MAX_ROWS}`;

const FIND = `SELECT * FROM messages WHERE queue = :queue AND number = :number AND ${IS_FREE}`;

const HAS = `SELECT 1 FROM messages WHERE queue = :queue AND number = :number AND ${IS_FREE}`;

const TAKE = `DELETE FROM messages WHERE queue = :queue AND number = :number AND ${IS_FREE}`;

const NOTE_DISCARDED = `UPDATE records SET discarded_end = json_extract(outcome, '$.endedAt') WHERE key = :key`;

/** A message of a dead-letter queue. */
export interface SqliteDeadLetter {
  /** Unique in the file, for ever. */
  readonly number: number;
  readonly message: QueueMessage;
}

/** The messages of a dead-letter queue in a file, which are read without being received. Times are milliseconds since 1970. */
export class SqliteDeadLetters {
  readonly #file: SqliteFile;
  readonly #queue: string;

  constructor(file: SqliteFile, queue: string) {
    this.#file = file;
    this.#queue = queue;
  }

  /** All that are there at this time, in the order in which they were sent. */
  async *pages(now: number): AsyncGenerator<readonly SqliteDeadLetter[], void> {
    let last = { sentAt: -1, number: -1 };
    while (true) {
      const rows = this.#file.statement(PAGE).all({ queue: this.#queue, now, ...last });
      if (rows.length > 0) yield rows.map(letterOf);
      const end = rows.at(-1);
      if (!end || rows.length < MAX_ROWS) return;
      last = { sentAt: Number(end.sent_at), number: Number(end.number) };
      await setImmediate();
    }
  }

  has(number: number, now: number): boolean {
    return this.#file.statement(HAS).get({ queue: this.#queue, number, now }) !== undefined;
  }

  find(number: number, now: number): SqliteDeadLetter | undefined {
    const row = this.#file.statement(FIND).get({ queue: this.#queue, number, now });
    return row && letterOf(row);
  }

  /** Deletes a message, within a transaction that decides what becomes of it. @returns whether it was there */
  take(number: number, now: number): boolean {
    return this.#file.statement(TAKE).run({ queue: this.#queue, number, now }).changes === 1;
  }
}

/**
 * Notes that the dead letter of a request is deleted on purpose, so that an audit doesn't miss it. For a transaction that makes
 * other changes too.
 */
export function noteDiscarded(file: SqliteFile, request: RequestIdentity): void {
  file.statement(NOTE_DISCARDED).run({ key: recordKey(request) });
}

function letterOf(row: Row): SqliteDeadLetter {
  return { number: Number(row.number), message: messageOf(row) };
}
