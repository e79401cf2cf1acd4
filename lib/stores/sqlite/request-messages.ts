import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import type { DecodedRequest } from '../../core/model/decoded-request.ts';
import { deadLetterOf, type RequestRecord } from '../../core/model/request-record.ts';
import type { RequestMessages } from '../../core/ports/request-messages.ts';
import { decode } from '../../core/wire/decode.ts';
import { messageOf } from './message-table.ts';
import type { Row } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Most messages of a queue that are looked through. */
const MAX_MESSAGES = 10_000;

/** Messages that may be a request's, from a time on. Most of them need not be decoded to see that they aren't. */
const FROM = `SELECT * FROM
    (SELECT * FROM messages WHERE queue = :queue AND sent_at >= :from ORDER BY sent_at, number LIMIT ${MAX_MESSAGES})
  WHERE instr(body, :text) > 0 OR instr(attributes, :text) > 0 OR id = :id`;

/** A message may be sent this much before the record says so. */
const SENDING_MILLISECONDS = 10_000;

/** Limits of services may be lower: the message was sent, so it is shown. */
const LIMITS = { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.max };

/** The queues of a file that {@link SqliteRequestMessages} reads. */
export interface RequestQueues {
  readonly lanes: readonly string[];
  readonly deadLetters: string;
}

/**
 * Reads the messages of requests in a file, from the time on at which a request's was sent. Usually it is the first one; where it is
 * gone, up to 10,000 that were sent since are looked through.
 */
export class SqliteRequestMessages implements RequestMessages {
  readonly #file: SqliteFile;
  readonly #queues: RequestQueues;

  constructor(file: SqliteFile, queues: RequestQueues) {
    this.#file = file;
    this.#queues = queues;
  }

  async find(
    record: RequestRecord,
    matches: (request: DecodedRequest) => boolean,
  ): Promise<DecodedRequest | undefined> {
    for (const { queue, from } of this.#placesOf(record)) {
      const found = this.#findIn(queue, from, record, matches);
      if (found) return found;
    }
    return undefined;
  }

  #placesOf(record: RequestRecord): { readonly queue: string; readonly from: number }[] {
    const { outcome, payload, createdAt, deadLetteredAt } = record;
    const { lanes, deadLetters } = this.#queues;
    const inLanes = (from: number) => lanes.map((queue) => ({ queue, from }));
    if (!outcome) return inLanes(payload?.sentAt ?? createdAt - SENDING_MILLISECONDS);
    // The message of a request that has ended is deleted, or will be.
    if (deadLetterOf(record) === 'no') return [];
    const deadFrom = outcome.endedAt - SENDING_MILLISECONDS;
    // It may have been put back, and waits for its next attempt.
    return [{ queue: deadLetters, from: deadFrom }, ...inLanes(deadLetteredAt ?? deadFrom)];
  }

  #findIn(
    queue: string,
    from: number,
    { request: { id } }: RequestRecord,
    matches: (request: DecodedRequest) => boolean,
  ): DecodedRequest | undefined {
    const bound = { queue, from, id, text: JSON.stringify(id).slice(1, -1) };
    const inRow = (row: Row) => requestsIn(row).find(matches);
    const row = this.#file.statement(FROM).find(bound, (each) => inRow(each) !== undefined);
    return row && inRow(row);
  }
}

function requestsIn(row: Row): DecodedRequest[] {
  return decode(messageOf(row), LIMITS).filter((each) => 'metadata' in each);
}
