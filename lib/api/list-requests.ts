import { codesOf } from '../core/model/failure-group.ts';
import { hasMetadata, type Metadata } from '../core/model/kept-metadata.ts';
import { positionBefore, positionOf } from '../core/model/record-position.ts';
import { type RequestRecord, type RequestStatus, statusOf } from '../core/model/request-record.ts';
import type { WebhookStatus } from '../core/model/webhook-state.ts';
import type { RecordIndex } from '../core/ports/record-store.ts';
import type { WebhookRules } from '../core/webhooks/recipient.ts';
import { cursorTo, positionIn } from './cursor.ts';
import { webhookOf } from './request-resource.ts';
import { MAX_PAGE } from './schemas.ts';

/** Selects the requests to list: all conditions must hold. */
export interface ListSelection extends RecordConditions {
  readonly tenant?: string;
  /** Only requests that were created at this time or later, in milliseconds since 1970. */
  readonly since?: number;
  /** Only requests that were created before this time, in milliseconds since 1970. */
  readonly until?: number;
  readonly cursor?: string;
  readonly limit: number;
}

/** Conditions that a record must be read for. */
interface RecordConditions {
  readonly status?: RequestStatus;
  readonly topic?: string;
  /** The code of the request's problem, or of the error that used up its attempts. */
  readonly code?: string;
  readonly handlerVersion?: string;
  /** The metadata that the record must keep, of keys that are declared. */
  readonly metadata?: Metadata;
  /** The status of the request's own webhook. */
  readonly webhook?: WebhookStatus;
}

/** A page of a list. */
export interface Page {
  readonly records: readonly RequestRecord[];
  /** The cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * Most index pages read for one page of the API, even if few of their records meet the conditions. On DynamoDB each takes 16
 * `Query` calls and a `BatchGetItem`.
 */
const MAX_READS = 3;

/**
 * Lists a page of a tenant's requests, newest first. A time starts or ends the walk; other conditions filter what it reads.
 * @param rules which events are sent as webhooks
 * @param now milliseconds since 1970
 * @throws ProblemError 400 for an invalid cursor
 */
export async function listRequests(
  index: RecordIndex,
  order: ListSelection,
  rules: WebhookRules,
  now: number,
): Promise<Page> {
  const { tenant, since, until, cursor, limit, ...conditions } = order;
  const found: RequestRecord[] = [];
  // Few records may meet a condition. A full page takes no more calls than a short one.
  const isFiltered = Object.values(conditions).some((condition) => condition !== undefined);
  const atOnce = isFiltered ? MAX_PAGE : limit;
  const oldest = since === undefined ? '' : positionBefore(since);
  const newest = until === undefined ? undefined : positionBefore(until);
  let after = cursor === undefined ? newest : positionIn(cursor);
  for (let reads = 0; reads < MAX_READS && found.length < limit; reads++) {
    const { records, next } = await index.list({ tenant, after, limit: atOnce });
    const listed = records.filter((record) => positionOf(record) >= oldest);
    found.push(...listed.filter((record) => meets(record, conditions, rules, now)));
    after = next !== undefined && next >= oldest ? next : undefined;
    if (after === undefined) break;
  }
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return { records: page, next: cursorTo(last ? positionOf(last) : after) };
}

function meets(
  record: RequestRecord,
  { status, topic, code, handlerVersion, metadata, webhook }: RecordConditions,
  rules: WebhookRules,
  now: number,
): boolean {
  const { request, outcome } = record;
  return (
    (status === undefined || statusOf(record, now) === status) &&
    (topic === undefined || (request.topic ?? outcome?.topic) === topic) &&
    (code === undefined || codesOf(record).includes(code)) &&
    (handlerVersion === undefined || record.handlerVersion === handlerVersion) &&
    hasMetadata(record.metadata, metadata) &&
    (webhook === undefined || webhookOf(record, rules).webhook?.status === webhook)
  );
}
