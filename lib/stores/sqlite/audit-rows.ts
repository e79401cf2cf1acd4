import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import type { AuditedRecord, UnrecordedRequest } from '../../core/ports/audit-source.ts';
import { decode } from '../../core/wire/decode.ts';
import { MessageRequests, UNNAMED } from './message-requests.ts';
import { messageOf } from './message-table.ts';
import { RECORD_COLUMNS, recordKey, storedOf } from './record-store.ts';
import { numberOf, type Row, textOf } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Most rows that are read in one turn of the event loop. */
const MAX_ROWS = 500;

const HAS_MESSAGE = (queues: string) => `EXISTS (SELECT 1 FROM temp.message_requests
  WHERE request = records.key AND queue IN (SELECT value FROM json_each(${queues})))`;

const RECORDS = `SELECT id, ${RECORD_COLUMNS}, published_end, discarded_end, ${HAS_MESSAGE(':lanes')} AS has_message,
    ${HAS_MESSAGE(':deadLetters')} AS has_dead_letter
  FROM records WHERE id > :after ORDER BY id LIMIT ${MAX_ROWS}`;

const HAS_UNNAMED = `SELECT 1 FROM temp.message_requests WHERE request = '${UNNAMED}' LIMIT 1`;

const OBJECTS = 'SELECT DISTINCT object FROM temp.message_requests WHERE object IS NOT NULL';

const WITHOUT_RECORD = `SELECT messages.*, requests.request, requests.submitted_at
  FROM temp.message_requests AS requests JOIN messages USING (number)
  WHERE requests.queue IN (SELECT value FROM json_each(:lanes)) AND submitted_at <= :before
    AND request NOT IN (SELECT key FROM records)`;

const COUNT = 'SELECT count(*) AS count FROM records';

const LIMITS = { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.default };

/** The queues of a file, by what their messages are. */
export interface AuditedQueues {
  /** Of requests; absent if they are elsewhere. */
  readonly lanes?: readonly string[];
  /** Of dead letters; absent if they are elsewhere. */
  readonly deadLetters?: readonly string[];
}

/** Reads what an audit compares. Each page is of one moment, so that no request is between two tables. */
export class AuditRows {
  readonly #file: SqliteFile;
  readonly #queues: AuditedQueues;
  readonly #messages: MessageRequests;

  constructor(file: SqliteFile, queues: AuditedQueues) {
    this.#file = file;
    this.#queues = queues;
    this.#messages = new MessageRequests(file, [...(queues.lanes ?? []), ...(queues.deadLetters ?? [])]);
  }

  count(): number {
    return numberOf(this.#file.statement(COUNT).get()?.count) ?? 0;
  }

  /** All records, in the order of their creation. */
  async *records(): AsyncGenerator<readonly AuditedRecord[], void> {
    await this.#messages.refresh();
    const { lanes = [], deadLetters = [] } = this.#queues;
    const queues = { lanes: JSON.stringify(lanes), deadLetters: JSON.stringify(deadLetters) };
    let after = 0;
    while (true) {
      const rows = this.#read(() => this.#file.statement(RECORDS).all({ ...queues, after }));
      const hasUnnamed = this.#file.statement(HAS_UNNAMED).get() !== undefined;
      yield rows.map((row) => this.#auditedOf(row, hasUnnamed));
      if (rows.length < MAX_ROWS) return;
      after = Number(rows.at(-1)?.id);
    }
  }

  /**
   * Requests of messages that came with a record, and have none.
   * @param before when they were submitted at the latest, in milliseconds since 1970
   */
  async unrecorded(before: number): Promise<readonly UnrecordedRequest[]> {
    const bound = { lanes: JSON.stringify(this.#queues.lanes ?? []), before };
    const rows = this.#read(() => this.#file.statement(WITHOUT_RECORD).all(bound));
    return rows.flatMap((row) => {
      const request = decode(messageOf(row), LIMITS).find((each) => recordKey(each) === row.request);
      return request ? [{ ...request, submittedAt: Number(row.submitted_at) }] : [];
    });
  }

  /** Keys of the stored objects that messages refer to. */
  async objectsOfMessages(): Promise<readonly string[]> {
    const rows = this.#read(() => this.#file.statement(OBJECTS).all());
    return rows.flatMap(({ object }) => textOf(object) ?? []);
  }

  #read(read: () => Row[]): Row[] {
    return this.#file.read(() => {
      this.#messages.complete();
      return read();
    });
  }

  #auditedOf(row: Row, hasUnnamed: boolean): AuditedRecord {
    const { lanes, deadLetters } = this.#queues;
    const published = numberOf(row.published_end);
    const discarded = numberOf(row.discarded_end);
    // A message that doesn't say its request may be that of any.
    const known = (has: unknown, isHere: boolean) =>
      has === 0 && (hasUnnamed || !isHere) ? undefined : has === 1;
    return {
      record: storedOf(row).record,
      hasMessage: known(row.has_message, lanes !== undefined),
      hasDeadLetter: known(row.has_dead_letter, deadLetters !== undefined),
      ...(published !== undefined && { publishedEnd: published }),
      ...(discarded !== undefined && { discardedEnd: discarded }),
    };
  }
}
