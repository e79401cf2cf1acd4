import type { ErrorSummary } from '../base/serialize-error.ts';
import type { RecordedAttempt } from './attempt-history.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Metadata } from './kept-metadata.ts';
import { isEarly } from './not-before.ts';
import type { Outcome } from './outcome.ts';
import type { PinnedPayload } from './pinned-payload.ts';
import type { RequestIdentity } from './request-id.ts';
import type { RequestTerms } from './request-terms.ts';
import type { WebhookState } from './webhook-state.ts';

/** The statuses of a request, in the order in which it can have them. */
export const REQUEST_STATUSES = [
  'awaiting_upload',
  'scheduled',
  'queued',
  'running',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
] as const;

/** The status of a request. The last four are terminal, except for a redrive. */
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** The status in a record. A request that is queued for later is `scheduled` until its time, which takes no write. */
export type RecordStatus = Exclude<RequestStatus, 'scheduled'>;

/** The record of a request: its status and what the next attempt needs. Times are milliseconds since 1970. */
export interface RequestRecord {
  readonly request: RecordedRequest;
  readonly status: RecordStatus;
  /** The part of its metadata that the service declares to keep, see `keptMetadata`. */
  readonly metadata?: Metadata;
  /** Attempts started. */
  readonly attempts: number;
  /** The latest attempts, in order. Records of earlier versions have none. */
  readonly history?: readonly RecordedAttempt[];
  /** When the latest attempt started. */
  readonly startedAt?: number;
  /** When the next attempt starts at the earliest, after one that failed. */
  readonly nextAttemptAt?: number;
  /** Requests that waited or ran when it was submitted, where a queue can't say what its place is. */
  readonly backlog?: number;
  /** The version of the code that claimed the request last, if it has one. */
  readonly handlerVersion?: string;
  /** The payload of the first attempt. */
  readonly payload?: PinnedPayload;
  /** When the latest attempt's lease expires; set while running or cancelling. */
  readonly leaseEndsAt?: number;
  /**
   * The id of the claim that took the lease, so that a claim whose response was lost can be repeated. It is the fencing
   * token: events of earlier claims are rejected.
   */
  readonly leaseId?: string;
  /** The error of the latest failed attempt. */
  readonly lastError?: ErrorSummary;
  /** The progress that the latest attempt reported. */
  readonly progress?: Progress;
  /** What the handler saved last. */
  readonly checkpoint?: Checkpoint;
  /** The latest attempt was suspended at a checkpoint. The claim of a queued record continues it, under its number. */
  readonly suspended?: true;
  readonly outcome?: Outcome;
  /** The group of a failed request, see `failureGroupOf`. Requests that failed before there were groups have none. */
  readonly failureGroup?: string;
  /** The request used up its attempts: its message belongs in the dead-letter queue. */
  readonly attemptsExhausted?: boolean;
  /** When its outcome was published and its message was dead-lettered. */
  readonly deadLetteredAt?: number;
  /** The dead letter had no room for the id of the request and the number of the redrive. */
  readonly deadLetterIsBare?: boolean;
  /** How often its message was redriven from the dead-letter queue. */
  readonly redrives?: number;
  /** When it was last redriven, by the queue's clock. */
  readonly putBackAt?: number;
  /** Attempts that don't count: those before the last redrive, and those released as uncounted. */
  readonly uncountedAttempts?: number;
  /** The state of its latest webhook. Stores keep it separately: a write of the record doesn't change it. */
  readonly webhook?: WebhookState;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The part of a record that never changes. */
export interface RecordedRequest extends RequestIdentity, RequestTerms {
  /** The size that the client announced for its upload, in bytes. */
  readonly uploadBytes?: number;
}

/** Progress of an attempt. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly note?: string;
}

/** Most redrives of a request, so that an automatic redrive ends. */
export const MAX_REDRIVES = 10;

/** The status of a request, from its record. */
export function statusOf({ status, request }: RequestRecord, now: number): RequestStatus {
  return status === 'queued' && isEarly(request, now) ? 'scheduled' : status;
}

/** Whether the request has expired. */
export function isExpired({ expiresAt }: RecordedRequest, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** Whether a request's message belongs in the dead-letter queue (`due`), and whether the record says that it is there (`known`). */
export type DeadLetterState = 'no' | 'due' | 'known';

/** Whether the message of a request that has ended belongs in the dead-letter queue. */
export function deadLetterOf({ attemptsExhausted, deadLetteredAt }: RequestRecord): DeadLetterState {
  if (!attemptsExhausted) return 'no';
  return deadLetteredAt === undefined ? 'due' : 'known';
}
