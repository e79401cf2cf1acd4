import { positionOf } from '../core/model/record-position.ts';
import { type RequestRecord, type RequestStatus, statusOf } from '../core/model/request-record.ts';
import type { RecordIndex } from '../core/ports/record-store.ts';
import { cursorTo, positionIn } from './cursor.ts';
import { MAX_PAGE } from './schemas.ts';

/** Selects the requests to list. */
export interface ListSelection {
  readonly tenant?: string;
  readonly status?: RequestStatus;
  readonly cursor?: string;
  readonly limit: number;
}

/** A page of a list. */
export interface Page {
  readonly records: readonly RequestRecord[];
  /** The cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * Most index pages read for one page of the API, even if few of their records have the requested status. On DynamoDB
 * each takes 16 `Query` calls and a `BatchGetItem`.
 */
const MAX_READS = 3;

/**
 * Lists a page of a tenant's requests, newest first.
 * @param now milliseconds since 1970
 * @throws ProblemError 400 for an invalid cursor
 */
export async function listRequests(index: RecordIndex, order: ListSelection, now: number): Promise<Page> {
  const { tenant, status, cursor, limit } = order;
  const found: RequestRecord[] = [];
  // Few records may have the requested status. A full page takes no more calls than a short one.
  const atOnce = status === undefined ? limit : MAX_PAGE;
  let after = cursor === undefined ? undefined : positionIn(cursor);
  for (let reads = 0; reads < MAX_READS && found.length < limit; reads++) {
    const { records, next } = await index.list({ tenant, after, limit: atOnce });
    found.push(...records.filter((record) => status === undefined || statusOf(record, now) === status));
    after = next;
    if (next === undefined) break;
  }
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return { records: page, next: cursorTo(last ? positionOf(last) : after) };
}
