import type { ErrorSummary } from '../base/serialize-error.ts';
import type { TraceContext } from '../base/traceparent.ts';
import type { ClaimCheck } from './claim-check.ts';
import { cancellation, type Ending, expiry, type Outcome, outcomeOf } from './outcome.ts';
import type { PinnedPayload } from './pinned-payload.ts';
import type { RequestIdentity } from './request-id.ts';
import type { WebhookState } from './webhook-state.ts';

/** The statuses of a request, in the order in which it can have them. */
export const REQUEST_STATUSES = [
  'awaiting_upload',
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

/** The record of a request: its status and what the next attempt needs. Times are milliseconds since 1970. */
export interface RequestRecord {
  readonly request: RecordedRequest;
  readonly status: RequestStatus;
  /** Attempts started. The number of the latest is its fencing token: events of earlier attempts are rejected. */
  readonly attempts: number;
  /** The payload of the first attempt. */
  readonly payload?: PinnedPayload;
  /** When the latest attempt's lease expires; set while running or cancelling. */
  readonly leaseEndsAt?: number;
  /** The id of the claim that took the lease, so that a claim whose response was lost can be repeated. */
  readonly leaseId?: string;
  /** The error of the latest failed attempt. */
  readonly lastError?: ErrorSummary;
  /** The progress that the latest attempt reported. */
  readonly progress?: Progress;
  readonly outcome?: Outcome;
  /** Whether it used up its attempts, so that its message belongs in the dead-letter queue. */
  readonly givenUp?: boolean;
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
export interface RecordedRequest extends RequestIdentity, TraceContext {
  /** The callback URL, if the client named one. */
  readonly callbackUrl?: string;
  /** No attempt starts after this time. */
  readonly expiresAt?: number;
  /** The size that the client announced for its upload, in bytes. */
  readonly uploadBytes?: number;
}

/** Progress of an attempt. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly note?: string;
}

/** An event in the life of a request. */
export type RecordEvent =
  | {
      readonly type: 'submit';
      readonly request: RecordedRequest;
      /** Whether the payload is already stored. */
      readonly uploaded: boolean;
    }
  | { readonly type: 'uploaded' | 'cancel' | 'expire' }
  | {
      readonly type: 'dead_letter';
      /** How often the request had been redriven when its message was dead-lettered. */
      readonly redrives: number;
      /** The dead letter doesn't contain the number of the redrive. */
      readonly bare?: boolean;
    }
  | {
      readonly type: 'claim';
      readonly request: RecordedRequest;
      readonly leaseEndsAt: number;
      /** Unique for each claim. A claim that is repeated because its response was lost keeps its id. */
      readonly leaseId: string;
      /** When the message was sent. */
      readonly sentAt?: number;
      /** The payload of the message; absent if it can't be read. */
      readonly payload?: PinnedPayload;
      /** The queue has deleted all messages that were sent before this time. */
      readonly goneBefore?: number;
      /** The number of redrives before this one, if the message is a redriven dead letter with that number. */
      readonly deadLetterOf?: number;
    }
  | { readonly type: 'progress'; readonly attempt: number; readonly progress: Progress }
  | {
      readonly type: 'renew';
      readonly attempt: number;
      /** When the renewed lease expires. */
      readonly leaseEndsAt: number;
    }
  | {
      readonly type: 'release';
      readonly attempt: number;
      readonly error: ErrorSummary;
      /** Whether the attempt doesn't count, since the request didn't cause its failure. */
      readonly uncounted?: boolean;
    }
  | {
      readonly type: 'complete';
      readonly attempt: number;
      readonly outcome: Outcome;
      /** Set if the outcome is a failure because the attempts are used up. */
      readonly givenUp?: GivingUp;
    }
  /** The output queue rejects the success in every form, so this failure replaces it. */
  | { readonly type: 'unpublishable'; readonly outcome: Outcome };

/** Why a request gets no more attempts. */
export interface GivingUp {
  /** The latest error that an attempt reported. */
  readonly error: ErrorSummary | undefined;
}

/** Most redrives of a request, so that an automatic redrive ends. */
export const MAX_REDRIVES = 10;

/** An event that can create a record. */
export type BeginningEvent = Extract<RecordEvent, { readonly type: 'submit' | 'claim' }>;

type ReleaseEvent = Extract<RecordEvent, { readonly type: 'release' }>;

/** An attempt takes the lease of a request. */
export type ClaimEvent = Extract<RecordEvent, { readonly type: 'claim' }>;

type CompleteEvent = Extract<RecordEvent, { readonly type: 'complete' }>;

/** Why an event changes nothing. */
export type TransitionRefusal =
  /** The request has ended. */
  | 'finished'
  /** The request has another payload, which still has to be run. */
  | 'other_payload'
  /** Another attempt holds the lease. */
  | 'leased'
  /** The attempt released the lease, or a later attempt took it over. */
  | 'lease_lost'
  /** The event doesn't fit the status: it is a duplicate, too late or too early. */
  | 'out_of_turn';

/** A changed record, or why it stays as it is. */
export type Transition = { readonly record: RequestRecord } | { readonly refused: TransitionRefusal };

/**
 * Applies an event to a record. All rules of the state machine are here. A pure function, so that a writer can repeat
 * it after another writer has changed the record.
 * @param record undefined if there is none
 */
export function transition(record: RequestRecord | undefined, event: RecordEvent, now: number): Transition {
  if (!record) return begun(event, now);
  const change = record.outcome ? changeOfEnded(event, record, now) : changeBy(event, record, now);
  return typeof change === 'string'
    ? { refused: change }
    : { record: { ...record, ...change, updatedAt: now } };
}

/** Whether an attempt holds the lease. */
function isLeased({ leaseEndsAt }: RequestRecord, now: number): boolean {
  return leaseEndsAt !== undefined && leaseEndsAt > now;
}

/** Whether the request has expired. */
export function isExpired({ expiresAt }: RecordedRequest, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function begun(event: RecordEvent, now: number): Transition {
  if (event.type === 'submit' || event.type === 'claim') return { record: created(event, now) };
  return { refused: 'out_of_turn' };
}

/** The first record of a request. */
export function created(event: BeginningEvent, now: number): RequestRecord {
  const fresh = { request: event.request, attempts: 0, createdAt: now, updatedAt: now };
  if (event.type === 'claim') return { ...fresh, ...claimed(fresh, event) };
  return { ...fresh, status: event.uploaded ? 'queued' : 'awaiting_upload' };
}

/** A request that has ended stays so, unless an operator redrives its dead letter. */
function changeOfEnded(
  event: RecordEvent,
  record: RequestRecord,
  now: number,
): Partial<RequestRecord> | TransitionRefusal {
  if (event.type === 'dead_letter' && isDueFor(record, event.redrives)) {
    return { deadLetteredAt: now, ...(event.bare && { deadLetterIsBare: true }) };
  }
  if (event.type === 'unpublishable' && record.status === 'succeeded') return ended(event.outcome);
  if (event.type !== 'claim' || !isDeadLetter(record, event)) return 'finished';
  return (record.redrives ?? 0) < MAX_REDRIVES ? redriven(record, event) : 'finished';
}

function isDueFor(record: RequestRecord, redrives: number): boolean {
  return deadLetterOf(record) === 'due' && (record.redrives ?? 0) === redrives;
}

/** Whether a request's message belongs in the dead-letter queue, and whether everybody knows. */
export type DeadLetterState = 'no' | 'due' | 'known';

/** Whether the message of a request that has ended belongs in the dead-letter queue. */
export function deadLetterOf({ givenUp, deadLetteredAt }: RequestRecord): DeadLetterState {
  if (!givenUp) return 'no';
  return deadLetteredAt === undefined ? 'due' : 'known';
}

/**
 * Whether a message is the redriven dead letter of a request that used up its attempts. A dead letter contains the
 * number of its redrive, so that two dead letters of one request redrive it once, and no other message restarts it. A
 * dead letter without room for that number is recognised by its payload, and by being sent after the request was
 * dead-lettered.
 */
export function isDeadLetter(
  record: RequestRecord,
  event: Pick<ClaimEvent, 'sentAt' | 'deadLetterOf' | 'payload'>,
): boolean {
  const { givenUp, deadLetteredAt, deadLetterIsBare, redrives = 0 } = record;
  const { sentAt, deadLetterOf } = event;
  if (!givenUp) return false;
  // True even if the record doesn't show that the dead letter was sent.
  if (deadLetterOf !== undefined) return deadLetterOf === redrives;
  if (deadLetteredAt === undefined || !deadLetterIsBare || bringsOther(record, event)) return false;
  return sentAt !== undefined && sentAt > deadLetteredAt;
}

function redriven(record: RequestRecord, event: ClaimEvent): Partial<RequestRecord> {
  const { attempts, redrives = 0 } = record;
  const { sentAt } = event;
  return {
    ...claimed(record, event),
    outcome: undefined,
    givenUp: undefined,
    deadLetteredAt: undefined,
    deadLetterIsBare: undefined,
    redrives: redrives + 1,
    putBackAt: sentAt,
    uncountedAttempts: attempts,
  };
}

function changeBy(
  event: RecordEvent,
  record: RequestRecord,
  now: number,
): Partial<RequestRecord> | TransitionRefusal {
  switch (event.type) {
    case 'submit':
    case 'dead_letter':
    case 'unpublishable':
      return 'out_of_turn';
    case 'uploaded':
      return record.status === 'awaiting_upload' ? { status: 'queued' } : 'out_of_turn';
    case 'claim':
      if (mustNotRun(record, event)) return 'other_payload';
      // The claim is repeated because its response was lost: the attempt hasn't started.
      if (isClaimOf(record, event)) return { leaseEndsAt: event.leaseEndsAt };
      if (isLeased(record, now)) return 'leased';
      // The attempt that was asked to stop never reported back.
      return record.status === 'cancelling' ? cancelled(record, now) : claimed(record, event);
    case 'progress':
      return holdsLease(record, event.attempt) ? { progress: event.progress } : 'lease_lost';
    case 'renew':
      return holdsLease(record, event.attempt) ? { leaseEndsAt: event.leaseEndsAt } : 'lease_lost';
    case 'release':
      return holdsLease(record, event.attempt) ? released(record, event, now) : 'lease_lost';
    case 'complete':
      return holdsLease(record, event.attempt) ? completed(record, event, now) : 'lease_lost';
    case 'cancel':
      return isLeased(record, now) ? { status: 'cancelling' } : cancelled(record, now);
    case 'expire':
      if (isLeased(record, now)) return 'leased';
      return isExpired(record.request, now)
        ? ended(endOf(record, expiry(record.attempts), now))
        : 'out_of_turn';
  }
}

function holdsLease({ status, attempts }: RequestRecord, attempt: number): boolean {
  return (status === 'running' || status === 'cancelling') && attempts === attempt;
}

function isClaimOf({ status, leaseId }: RequestRecord, event: ClaimEvent): boolean {
  return status === 'running' && leaseId === event.leaseId;
}

function claimed(record: Pick<RequestRecord, 'attempts' | 'payload'>, event: ClaimEvent) {
  const attempts = record.attempts + 1;
  const payload = bringsOther(record, event) ? record.payload : (event.payload ?? record.payload);
  return {
    status: 'running',
    attempts,
    leaseEndsAt: event.leaseEndsAt,
    leaseId: event.leaseId,
    progress: undefined,
    ...(payload && { payload }),
  } as const;
}

/** Whether the claim's message has another payload than the first attempt. */
export function bringsOther(
  { payload }: Pick<RequestRecord, 'payload'>,
  brought: Pick<ClaimEvent, 'payload'>,
): boolean {
  return payload !== undefined && brought.payload !== undefined && payload.digest !== brought.payload.digest;
}

/**
 * Whether another message must run the request, since that one has its payload. If the payload is stored, any message
 * can run it. If the message with the payload is gone, the request must end by this one.
 */
function mustNotRun(record: RequestRecord, event: ClaimEvent): boolean {
  const { payload } = record;
  if (!bringsOther(record, event) || storedPayloadOf(record, event.payload)) return false;
  const { messageId, sentAt = 0 } = payload ?? {};
  return messageId !== event.payload?.messageId && sentAt >= (event.goneBefore ?? 0);
}

/** The stored payload of the first attempt, if the message has another one. */
export function storedPayloadOf(
  { payload, request }: RequestRecord,
  brought: PinnedPayload | undefined,
): ClaimCheck | undefined {
  const check = payload?.check;
  const isTicketed = request.uploadBytes !== undefined;
  const isSamePlace = check && check.bucket === brought?.check?.bucket && check.key === brought.check.key;
  return isTicketed || isSamePlace ? check : undefined;
}

/** A last attempt that failed after it was asked to stop has stopped: the request is cancelled. */
function completed(
  record: RequestRecord,
  { outcome, givenUp }: CompleteEvent,
  now: number,
): Partial<RequestRecord> {
  if (!givenUp) return ended(outcome);
  const lastError = givenUp.error ?? record.lastError;
  if (record.status === 'cancelling') return { ...cancelled(record, now), lastError };
  return { ...ended(outcome), givenUp: true, lastError };
}

/** A failed attempt that was asked to stop has stopped: the request is cancelled. */
function released(
  record: RequestRecord,
  { error, uncounted }: ReleaseEvent,
  now: number,
): Partial<RequestRecord> {
  const left = record.status === 'cancelling' ? cancelled(record, now) : WAITING;
  const { uncountedAttempts = 0 } = record;
  return {
    ...left,
    lastError: error,
    uncountedAttempts: uncounted ? uncountedAttempts + 1 : record.uncountedAttempts,
  };
}

const WAITING = { status: 'queued', leaseEndsAt: undefined, leaseId: undefined } as const;

function cancelled(record: RequestRecord, now: number): Partial<RequestRecord> {
  return ended(endOf(record, cancellation(record.attempts), now));
}

function endOf({ request }: RequestRecord, ending: Ending, now: number): Outcome {
  return outcomeOf(request, ending, now);
}

function ended(outcome: Outcome): Partial<RequestRecord> {
  return {
    status: outcome.status,
    outcome,
    leaseEndsAt: undefined,
    leaseId: undefined,
    progress: undefined,
  };
}
