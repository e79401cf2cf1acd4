import type { ActionFilter } from '../model/action.ts';
import { codesOf } from '../model/failure-group.ts';
import { hasMetadata, type Metadata } from '../model/kept-metadata.ts';
import { type RequestRecord, type RequestStatus, statusOf } from '../model/request-record.ts';

/** What filters compare. */
export interface RequestFacts {
  readonly id: string;
  readonly tenant?: string;
  readonly topic?: string;
  readonly status: RequestStatus;
  /** The codes that it can be found by. */
  readonly codes: readonly string[];
  /** The group of its failure. */
  readonly failureGroup?: string;
  readonly handlerVersion?: string;
  readonly metadata?: Metadata;
  /** When it was submitted, in milliseconds since 1970; absent without a record. */
  readonly createdAt?: number;
  /** When it ended or, if it hasn't, when it was submitted, in milliseconds since 1970. */
  readonly at: number;
}

/** The facts of a request with a record. */
export function factsOf(record: RequestRecord, now: number): RequestFacts {
  const { request, outcome, createdAt, failureGroup, handlerVersion, metadata } = record;
  const status = statusOf(record, now);
  return {
    id: request.id,
    tenant: request.tenant,
    topic: request.topic ?? outcome?.topic,
    status,
    codes: outcome?.status === 'failed' ? codesOf(record) : [status, ...codesOf(record)],
    failureGroup,
    handlerVersion,
    metadata,
    createdAt,
    at: outcome?.endedAt ?? createdAt,
  };
}

/** Whether a request fits a filter. */
export function matches(facts: RequestFacts, filter: ActionFilter): boolean {
  const { ids, code, tenant, metadata, since, until, createdSince, createdUntil } = filter;
  return (
    (!ids || ids.includes(facts.id)) &&
    (code === undefined || facts.codes.includes(code)) &&
    (tenant === undefined || (facts.tenant ?? '') === tenant) &&
    SAME.every((name) => filter[name] === undefined || filter[name] === facts[name]) &&
    hasMetadata(facts.metadata, metadata) &&
    isWithin(facts.at, since, until) &&
    isWithin(facts.createdAt, createdSince, createdUntil)
  );
}

/** What must be the same. */
const SAME = ['failureGroup', 'topic', 'status', 'handlerVersion'] as const;

/** An unknown time is in no bounds. */
function isWithin(time: number | undefined, since?: number, until?: number): boolean {
  if (since === undefined && until === undefined) return true;
  return (
    time !== undefined &&
    time >= (since ?? Number.NEGATIVE_INFINITY) &&
    time < (until ?? Number.POSITIVE_INFINITY)
  );
}
