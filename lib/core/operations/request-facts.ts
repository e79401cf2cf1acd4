import type { ActionFilter } from '../model/action.ts';
import { failureOf } from '../model/failure-group.ts';
import { hasMetadata, type Metadata } from '../model/kept-metadata.ts';
import { type RequestRecord, type RequestStatus, statusOf } from '../model/request-record.ts';

/** What filters compare. */
export interface RequestFacts {
  readonly id: string;
  readonly tenant?: string;
  readonly topic?: string;
  readonly status: RequestStatus;
  readonly code: string;
  /** The group of its failure. */
  readonly failureGroup?: string;
  readonly metadata?: Metadata;
  /** When it ended or, if it hasn't, when it was submitted, in milliseconds since 1970. */
  readonly at: number;
}

/** The facts of a request with a record. */
export function factsOf(record: RequestRecord, now: number): RequestFacts {
  const { request, outcome, createdAt, failureGroup, metadata } = record;
  const status = statusOf(record, now);
  return {
    id: request.id,
    tenant: request.tenant,
    topic: request.topic ?? outcome?.topic,
    status,
    code: failureOf(record)?.code ?? status,
    failureGroup,
    metadata,
    at: outcome?.endedAt ?? createdAt,
  };
}

/** Whether a request fits a filter. */
export function matches(facts: RequestFacts, filter: ActionFilter): boolean {
  const { ids, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = filter;
  return (
    (!ids || ids.includes(facts.id)) &&
    SAME.every((name) => filter[name] === undefined || filter[name] === facts[name]) &&
    hasMetadata(facts.metadata, filter.metadata) &&
    facts.at >= since &&
    facts.at < until
  );
}

/** What must be the same. */
const SAME = ['failureGroup', 'code', 'tenant', 'topic', 'status'] as const;
