import type { ErrorSummary } from '../base/serialize-error.ts';
import type { TraceContext } from '../base/traceparent.ts';
import type { ClaimCheck } from './claim-check.ts';
import { cancellation, type Ending, expiry, type Outcome, outcomeOf } from './outcome.ts';
import type { PinnedPayload } from './pinned-payload.ts';
import type { RequestIdentity } from './request-id.ts';
import type { WebhookState } from './webhook-state.ts';

/** Where a request stands, in the order of its way. */
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

/** Where a request stands. The last four are terminal: a request that has one keeps it. */
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

/** The row that says where a request stands. Times are milliseconds since 1970. */
export interface RequestRecord {
  readonly request: RecordedRequest;
  readonly status: RequestStatus;
  /** Attempts begun. The latest one's number is its fencing token: what an earlier one says is refused. */
  readonly attempts: number;
  /** The payload its first attempt was begun with. */
  readonly payload?: PinnedPayload;
  /** While running or cancelling: until when the latest attempt has the request to itself. */
  readonly leaseEndsAt?: number;
  /** Names the claim that took the lease, so that a claim whose answer was lost is recognised. */
  readonly leaseId?: string;
  /** The error of the latest failed attempt. */
  readonly lastError?: ErrorSummary;
  /** How far the latest attempt says it is. */
  readonly progress?: Progress;
  /** How it ended. */
  readonly outcome?: Outcome;
  /** It failed because its attempts were used up: its message belongs in the dead-letter queue. */
  readonly givenUp?: boolean;
  /** Since when that is published and its message is there. */
  readonly deadLetteredAt?: number;
  /** The dead letter had no room to say which request and redrive it is of. */
  readonly deadLetterIsBare?: boolean;
  /** How often its message came back from there. */
  readonly redrives?: number;
  /** When it was put into the queue again the last time, in the queue's time. */
  readonly putBackAt?: number;
  /** Attempts that don't count any more: those before it last came back, and those that were uncounted. */
  readonly uncountedAttempts?: number;
  /** How its webhook stands, or stood at an earlier end. It is noted beside the record: no write of that changes it. */
  readonly webhook?: WebhookState;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a record keeps of a request, whatever becomes of it. */
export interface RecordedRequest extends RequestIdentity, TraceContext {
  /** Whom its client wants its outcome to be told, if anybody in particular. */
  readonly callbackUrl?: string;
  /** After that it isn't begun any more. */
  readonly expiresAt?: number;
  /** Bytes its client said it will upload, where it waits for that. */
  readonly uploadBytes?: number;
}

/** How far an attempt is. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly note?: string;
}

/** What happens to a request. */
export type RecordEvent =
  | {
      readonly type: 'submit';
      readonly request: RecordedRequest;
      /** Whether its payload is there already. */
      readonly uploaded: boolean;
    }
  | { readonly type: 'uploaded' | 'cancel' | 'expire' }
  | {
      readonly type: 'dead_letter';
      /** How often the request had been put back when the letter was sent. */
      readonly redrives: number;
      /** The dead letter doesn't say which redrive it waits for. */
      readonly bare?: boolean;
    }
  | {
      readonly type: 'claim';
      readonly request: RecordedRequest;
      readonly leaseEndsAt: number;
      /** Another one for every claim; the same when a claim is made again because its answer was lost. */
      readonly leaseId: string;
      /** When its message was put into the queue. */
      readonly sentAt?: number;
      /** What its message brings; absent when that can't be read. */
      readonly payload?: PinnedPayload;
      /** Messages sent before that are gone, in milliseconds since 1970. */
      readonly goneBefore?: number;
      /** Which redrive its message's dead letter waited for, counted from 0; absent when it says of none. */
      readonly deadLetterOf?: number;
    }
  | { readonly type: 'progress'; readonly attempt: number; readonly progress: Progress }
  | {
      readonly type: 'renew';
      readonly attempt: number;
      /** Until when the attempt keeps the request to itself. */
      readonly leaseEndsAt: number;
    }
  | {
      readonly type: 'release';
      readonly attempt: number;
      readonly error: ErrorSummary;
      /** Whether the attempt doesn't count, since not its request was to blame. */
      readonly uncounted?: boolean;
    }
  | {
      readonly type: 'complete';
      readonly attempt: number;
      readonly outcome: Outcome;
      /** The outcome is that there are no more attempts. */
      readonly givenUp?: GivingUp;
    }
  /** A success that the output queue takes in no form ends as this failure. */
  | { readonly type: 'unpublishable'; readonly outcome: Outcome };

/** Why there are no more attempts. */
export interface GivingUp {
  /** What the latest attempt that reported threw, if any did. */
  readonly error: ErrorSummary | undefined;
}

/** How often a request may come back from the dead-letter queue: whatever puts it back by itself must not do so for ever. */
export const MAX_REDRIVES = 10;

/** What a record can begin with. */
export type BeginningEvent = Extract<RecordEvent, { readonly type: 'submit' | 'claim' }>;

type ReleaseEvent = Extract<RecordEvent, { readonly type: 'release' }>;

/** An attempt takes a request. */
export type ClaimEvent = Extract<RecordEvent, { readonly type: 'claim' }>;

type CompleteEvent = Extract<RecordEvent, { readonly type: 'complete' }>;

/** Why an event changes nothing. */
export type TransitionRefusal =
  /** The request has ended. */
  | 'finished'
  /** It was begun with another payload, which is still to be run. */
  | 'other_payload'
  /** An attempt has the request to itself. */
  | 'leased'
  /** The attempt gave it back, or a later one took over. */
  | 'lease_lost'
  /** It isn't that far, or further: the event comes twice, too late or too early. */
  | 'out_of_turn';

/** A changed record, or why it stays as it is. */
export type Transition = { readonly record: RequestRecord } | { readonly refused: TransitionRefusal };

/**
 * What an event makes of a record: the only place that knows which change follows which. Pure, so that a writer can
 * try it again on whatever the record has become meanwhile.
 * @param record undefined when there is none
 */
export function transition(record: RequestRecord | undefined, event: RecordEvent, now: number): Transition {
  if (!record) return begun(event, now);
  const change = record.outcome ? changeOfEnded(event, record, now) : changeBy(event, record, now);
  return typeof change === 'string'
    ? { refused: change }
    : { record: { ...record, ...change, updatedAt: now } };
}

/** Whether an attempt has the request to itself. */
function isLeased({ leaseEndsAt }: RequestRecord, now: number): boolean {
  return leaseEndsAt !== undefined && leaseEndsAt > now;
}

/** Whether nobody waits for it any more. */
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

/** An end is for good, unless an operator puts the message back from the dead-letter queue. */
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
 * Whether a message of a request that was given up is its dead letter, put back. A dead letter says which redrive it waits
 * for, so that two letters of one request redrive it once, and no other message revives it. One that had no room to say so
 * is known by its payload, and by being sent after the request was dead-lettered.
 */
export function isDeadLetter(
  record: RequestRecord,
  event: Pick<ClaimEvent, 'sentAt' | 'deadLetterOf' | 'payload'>,
): boolean {
  const { givenUp, deadLetteredAt, deadLetterIsBare, redrives = 0 } = record;
  const { sentAt, deadLetterOf } = event;
  if (!givenUp) return false;
  // Even if the record couldn't note that it was sent.
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
      // Made again, since its answer was lost: the attempt has not begun.
      if (isClaimOf(record, event)) return { leaseEndsAt: event.leaseEndsAt };
      if (isLeased(record, now)) return 'leased';
      // The attempt that was asked to stop was never heard of again.
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

/** Whether a claim brings another payload than the request was begun with. */
export function bringsOther(
  { payload }: Pick<RequestRecord, 'payload'>,
  brought: Pick<ClaimEvent, 'payload'>,
): boolean {
  return payload !== undefined && brought.payload !== undefined && payload.digest !== brought.payload.digest;
}

/**
 * Whether a claim is of a message that would only take the request from its own. Where the payload is stored, any message
 * will do to run it; and when its own message is gone, the request must end by another.
 */
function mustNotRun(record: RequestRecord, event: ClaimEvent): boolean {
  const { payload } = record;
  if (!bringsOther(record, event) || storedPayloadOf(record, event.payload)) return false;
  const { messageId, sentAt = 0 } = payload ?? {};
  return messageId !== event.payload?.messageId && sentAt >= (event.goneBefore ?? 0);
}

/** Where to find the payload a request was begun with, when a message brings another one in its place. */
export function storedPayloadOf(
  { payload, request }: RequestRecord,
  brought: PinnedPayload | undefined,
): ClaimCheck | undefined {
  const check = payload?.check;
  const isTicketed = request.uploadBytes !== undefined;
  const isSamePlace = check && check.bucket === brought?.check?.bucket && check.key === brought.check.key;
  return isTicketed || isSamePlace ? check : undefined;
}

/** Its last attempt failed while it was asked to stop: then it has stopped. */
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

/** A failed attempt that was asked to stop has stopped. */
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
