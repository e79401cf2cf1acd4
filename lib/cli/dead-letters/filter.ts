import type { DeadLetter, DeadLetterRequest } from '../../aws/dead-letter.ts';
import { hasMetadata, type Metadata } from '../../core/model/kept-metadata.ts';
import { type DeadLetterSummary, summarize } from './summary.ts';

/** Selects dead letters: all conditions must hold. Times are compared with the request's end. */
export interface DeadLetterFilter {
  /** As in {@link DeadLetterSummary}. */
  readonly code?: string;
  /** The id of the group of the request's failure. */
  readonly failureGroup?: string;
  readonly tenant?: string;
  /** These values in the metadata of the message or, of declared keys, of the record. */
  readonly metadata?: Metadata;
  /** Inclusive. */
  readonly since?: Date;
  /** Exclusive. */
  readonly until?: Date;
  /** Ids of requests or of messages; empty selects all. */
  readonly ids: readonly string[];
}

/** The requests of a dead letter that match a filter. */
export function matchingRequests(letter: DeadLetter, filter: DeadLetterFilter): readonly DeadLetterRequest[] {
  return letter.requests.filter((request) => matches(request, letter, filter));
}

function matches(
  request: DeadLetterRequest,
  { message }: DeadLetter,
  { code, failureGroup, tenant, metadata, since, until, ids }: DeadLetterFilter,
): boolean {
  const { described, record } = request;
  const facts = summarize(request);
  const time = facts.endedAt ?? message.sentAt;
  return (
    (code === undefined || facts.code === code) &&
    (failureGroup === undefined || record?.failureGroup === failureGroup) &&
    (tenant === undefined || described.tenant === tenant) &&
    hasMetadata(metadataOf(request), metadata) &&
    (since === undefined || time >= since.getTime()) &&
    (until === undefined || time < until.getTime()) &&
    (ids.length === 0 || ids.includes(described.id) || ids.includes(message.id))
  );
}

/** The message of an uploaded payload has no metadata: it is on the object, and what is declared in the record. */
function metadataOf({ described, record }: DeadLetterRequest): Metadata {
  return { ...record?.metadata, ...('metadata' in described && described.metadata) };
}
