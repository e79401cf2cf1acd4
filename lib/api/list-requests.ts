import { isPosition, positionOf } from '../core/model/record-position.ts';
import type { RequestRecord, RequestStatus } from '../core/model/request-record.ts';
import type { RecordIndex } from '../core/ports/record-store.ts';
import { ApiError } from './problem.ts';
import { MAX_PAGE } from './schemas.ts';

/** Which requests to list. */
export interface ListQuery {
  readonly tenant?: string;
  readonly status?: RequestStatus;
  readonly cursor?: string;
  readonly limit: number;
}

/** A page of a list. */
export interface Page {
  readonly records: readonly RequestRecord[];
  /** The cursor of the next page, if there is one. */
  readonly next?: string;
}

/**
 * Pages of the index read for one page, however few of their records have the status that was asked for. On DynamoDB
 * each takes 16 `Query` and a `BatchGetItem`.
 */
const MAX_READS = 3;

/** A page of a tenant's requests, newest first. @throws ApiError 400 for a cursor that isn't one of ours */
export async function listRequests(index: RecordIndex, order: ListQuery): Promise<Page> {
  const { tenant, status, cursor, limit } = order;
  const found: RequestRecord[] = [];
  // Of those with one status there may be few: whole pages are read, which take no more calls than short ones.
  const atOnce = status === undefined ? limit : MAX_PAGE;
  let after = cursor === undefined ? undefined : positionIn(cursor);
  for (let reads = 0; reads < MAX_READS && found.length < limit; reads++) {
    const { records, next } = await index.list({ tenant, after, limit: atOnce });
    found.push(...records.filter((record) => status === undefined || record.status === status));
    after = next;
    if (next === undefined) break;
  }
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return { records: page, next: cursorTo(last ? positionOf(last) : after) };
}

/** Opaque, so that nobody builds one. */
function cursorTo(position: string | undefined): string | undefined {
  return position === undefined ? undefined : Buffer.from(position).toString('base64url');
}

function positionIn(cursor: string): string {
  const position = Buffer.from(cursor, 'base64url').toString();
  if (isPosition(position)) return position;
  throw new ApiError({
    status: 400,
    code: 'request_malformed',
    detail: `cursor must be the next of a page before, got ${JSON.stringify(cursor.slice(0, 100))}`,
  });
}
