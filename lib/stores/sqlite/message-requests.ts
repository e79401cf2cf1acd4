import { setImmediate } from 'node:timers/promises';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import type { Decoded } from '../../core/model/decoded-request.ts';
import { decode } from '../../core/wire/decode.ts';
import { messageOf, READ_PAGE } from './message-table.ts';
import { recordKey } from './record-store.ts';
import { numberOf, type Row } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Most messages that are decoded in one turn of the event loop. */
const MAX_ROWS = 100;

/** Of this connection only: no other process sees it, and it isn't stored. */
const CREATE = `CREATE TEMP TABLE IF NOT EXISTS message_requests (
  queue TEXT NOT NULL,
  number INTEGER NOT NULL,
  request TEXT NOT NULL,
  object TEXT,
  submitted_at INTEGER,
  PRIMARY KEY (queue, number, request)
) STRICT, WITHOUT ROWID`;

const CREATE_INDEX =
  'CREATE INDEX IF NOT EXISTS temp.message_requests_by_request ON message_requests (request)';

/** Most messages that are looked for in one turn of the event loop. */
const MAX_SOUGHT = 2_000;

const SOUGHT = `SELECT max(number) AS last FROM (SELECT number FROM temp.message_requests
  WHERE queue = :queue AND number > :after ORDER BY number LIMIT ${MAX_SOUGHT})`;

const DELETE_GONE = `DELETE FROM temp.message_requests WHERE queue = :queue AND number > :after AND number <= :last
  AND number NOT IN (SELECT number FROM messages WHERE number > :after AND number <= :last)`;

const NEWEST = 'SELECT max(number) AS number FROM temp.message_requests WHERE queue = :queue';

const INSERT = `INSERT OR IGNORE INTO temp.message_requests
  VALUES (:queue, :number, :request, :object, :submittedAt)`;

/** The request of a message that doesn't say it: its body is stored elsewhere. No key of a record is empty. */
export const UNNAMED = '';

const LIMITS = { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.default };

/**
 * The requests of messages, as the temporary table `message_requests`: the `queue` and the `number` of a message, the key of the
 * record of a `request` in it, the key of the stored `object` that it refers to, and when it was `submitted_at` if a record was
 * written with it. Messages don't change, so each is decoded once.
 */
export class MessageRequests {
  readonly #file: SqliteFile;
  readonly #queues: readonly string[];

  /** @param queues whose messages are requests */
  constructor(file: SqliteFile, queues: readonly string[]) {
    this.#file = file;
    this.#queues = queues;
  }

  /** Decodes what it doesn't know yet, a page in each turn of the event loop. */
  async refresh(): Promise<void> {
    this.#create();
    for (const queue of this.#queues) {
      await this.#deleteGone(queue);
      do await setImmediate();
      while (this.#file.read(() => this.#addPage(queue)) === MAX_ROWS);
    }
  }

  /** Decodes what came since {@link refresh}. For a transaction that reads the table. */
  complete(): void {
    this.#create();
    for (const queue of this.#queues) while (this.#addPage(queue) === MAX_ROWS);
  }

  async #deleteGone(queue: string): Promise<void> {
    let after = 0;
    while (true) {
      const last = numberOf(this.#file.statement(SOUGHT).get({ queue, after })?.last);
      if (last === undefined) return;
      this.#file.statement(DELETE_GONE).run({ queue, after, last });
      await setImmediate();
      after = last;
    }
  }

  #create(): void {
    this.#file.statement(CREATE).run();
    this.#file.statement(CREATE_INDEX).run();
  }

  #addPage(queue: string): number {
    // Numbers grow: what was sent later has a greater one.
    const after = numberOf(this.#file.statement(NEWEST).get({ queue })?.number) ?? 0;
    const rows = this.#file.statement(READ_PAGE).all({ queue, after, max: MAX_ROWS });
    for (const row of rows) this.#add(row);
    return rows.length;
  }

  #add(row: Row): void {
    const requests = decode(messageOf(row), LIMITS).map(namedOf);
    const named = requests.length > 0 ? requests : [{ request: UNNAMED, object: null, submittedAt: null }];
    const place = { queue: String(row.queue), number: Number(row.number) };
    for (const each of named) this.#file.statement(INSERT).run({ ...place, ...each });
  }
}

function namedOf(decoded: Decoded) {
  if ('rejection' in decoded) return { request: recordKey(decoded), object: null, submittedAt: null };
  const { payload, offloaded, submittedAt = null } = decoded;
  return {
    // The message of an extended client says its request where it is stored.
    request: offloaded ? UNNAMED : recordKey(decoded),
    object: 'key' in payload ? payload.key : null,
    submittedAt,
  };
}
