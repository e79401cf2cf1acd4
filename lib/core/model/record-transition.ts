import { isTooOld } from '../config/min-version.ts';
import {
  attemptErrorIn,
  attemptErrorOf,
  withEnded,
  withoutRun,
  withResumed,
  withStarted,
} from './attempt-history.ts';
import { type ClaimCheck, isSameObject } from './claim-check.ts';
import { isEarly } from './not-before.ts';
import { cancellation, type Outcome, outcomeOf } from './outcome.ts';
import type { PinnedPayload } from './pinned-payload.ts';
import type {
  BeginningEvent,
  CheckpointEvent,
  ClaimEvent,
  CompleteEvent,
  RecordEvent,
  ReleaseEvent,
} from './record-event.ts';
import { deadLetterOf, MAX_REDRIVES, type RequestRecord } from './request-record.ts';

/** Why an event changes nothing. */
export type TransitionRefusal =
  /** The request has ended. */
  | 'finished'
  /** The request has another payload, which still has to be run. */
  | 'other_payload'
  /** Another attempt holds the lease. */
  | 'leased'
  /** The code is older than the request asks for. */
  | 'version_too_old'
  /** The request must not start yet. */
  | 'too_early'
  /** An attempt never reported its end, and its lease has expired. */
  | 'abandoned'
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

/** Whether a claim comes before the request's time. The payload of a ticketed upload has arrived then. */
function isHeld(
  { request }: Pick<RequestRecord, 'request'>,
  { mayBeEarly }: ClaimEvent,
  now: number,
): boolean {
  return !mayBeEarly && isEarly(request, now);
}

function begun(event: RecordEvent, now: number): Transition {
  if (event.type === 'submit' || event.type === 'claim') return { record: created(event, now) };
  return { refused: 'out_of_turn' };
}

/** The first record of a request. */
export function created(event: BeginningEvent, now: number): RequestRecord {
  const { request, metadata } = event;
  const fresh = { request, ...(metadata && { metadata }), attempts: 0, createdAt: now, updatedAt: now };
  if (event.type === 'claim')
    return { ...fresh, ...(isHeld(fresh, event, now) ? WAITING : claimed(fresh, event, now)) };
  const { uploaded, backlog } = event;
  return {
    ...fresh,
    ...(backlog !== undefined && { backlog }),
    status: uploaded ? 'queued' : 'awaiting_upload',
  };
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
  if ((record.redrives ?? 0) >= MAX_REDRIVES) return 'finished';
  return leavesToNewer(record, event) ? 'version_too_old' : redriven(record, event, now);
}

function isDueFor(record: RequestRecord, redrives: number): boolean {
  return deadLetterOf(record) === 'due' && (record.redrives ?? 0) === redrives;
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
  const { attemptsExhausted, deadLetteredAt, deadLetterIsBare, redrives = 0 } = record;
  const { sentAt, deadLetterOf } = event;
  if (!attemptsExhausted) return false;
  // True even if the record doesn't show that the dead letter was sent.
  if (deadLetterOf !== undefined) return deadLetterOf === redrives;
  if (deadLetteredAt === undefined || !deadLetterIsBare || bringsOther(record, event)) return false;
  return sentAt !== undefined && sentAt > deadLetteredAt;
}

function redriven(record: RequestRecord, event: ClaimEvent, now: number): Partial<RequestRecord> {
  const { attempts, redrives = 0 } = record;
  const { sentAt } = event;
  return {
    ...claimed(record, event, now, redrives + 1),
    outcome: undefined,
    failureGroup: undefined,
    attemptsExhausted: undefined,
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
      if (record.status === 'awaiting_upload' && isHeld(record, event, now)) return { status: 'queued' };
      if (record.status === 'queued' && isHeld(record, event, now)) return 'too_early';
      if (record.status !== 'cancelling' && leavesToNewer(record, event)) return 'version_too_old';
      if (record.status === 'running' && event.mayTakeOver === false) return 'abandoned';
      // The attempt that was asked to stop never reported back.
      return record.status === 'cancelling' ? cancelled(record, now) : claimed(record, event, now);
    case 'progress':
      return holdsLease(record, event) ? { progress: event.progress } : 'lease_lost';
    case 'checkpoint':
      return holdsLease(record, event) ? found(record, event, saved(record, event, now)) : 'lease_lost';
    case 'renew':
      return holdsLease(record, event) ? { leaseEndsAt: event.leaseEndsAt } : 'lease_lost';
    case 'release':
      return holdsLease(record, event) ? found(record, event, released(record, event, now)) : 'lease_lost';
    case 'complete':
      return holdsLease(record, event) ? found(record, event, completed(record, event, now)) : 'lease_lost';
    case 'cancel':
      return isLeased(record, now) ? { status: 'cancelling' } : cancelled(record, now);
  }
}

/** Adds the metadata that only the object of an upload has, which an attempt opens. What is recorded stays. */
function found(
  record: RequestRecord,
  { metadata }: CheckpointEvent | ReleaseEvent | CompleteEvent,
  change: Partial<RequestRecord>,
): Partial<RequestRecord> {
  return metadata ? { ...change, metadata: { ...metadata, ...record.metadata } } : change;
}

/** The message of a ticketed upload doesn't say which version its request asks for. */
function leavesToNewer({ request }: RequestRecord, event: ClaimEvent): boolean {
  return event.awaitsVersion === true && isTooOld(request, event.handlerVersion);
}

/** Compares the lease, not the number of the attempt: a suspended attempt and its continuation have the same number. */
function holdsLease({ status, leaseId }: RequestRecord, holder: { readonly leaseId: string }): boolean {
  return (status === 'running' || status === 'cancelling') && leaseId === holder.leaseId;
}

function isClaimOf({ status, leaseId }: RequestRecord, event: ClaimEvent): boolean {
  return status === 'running' && leaseId === event.leaseId;
}

/** @param redrive the number of the redrive that the claim begins. @default - it begins none */
function claimed(
  record: Pick<RequestRecord, 'attempts' | 'history' | 'payload' | 'checkpoint' | 'progress'> &
    Partial<Pick<RequestRecord, 'status' | 'suspended'>>,
  event: ClaimEvent,
  now: number,
  redrive?: number,
) {
  const continued = record.status === 'queued' && record.suspended;
  const number = continued ? record.attempts : record.attempts + 1;
  const payload = bringsOther(record, event) ? record.payload : (event.payload ?? record.payload);
  const started = { n: number, at: now, version: event.handlerVersion, ...(redrive && { redrive }) };
  return {
    status: 'running',
    attempts: number,
    history: continued ? withResumed(record.history, number) : withStarted(record.history, started),
    startedAt: now,
    nextAttemptAt: undefined,
    backlog: undefined,
    handlerVersion: event.handlerVersion,
    leaseEndsAt: event.leaseEndsAt,
    leaseId: event.leaseId,
    // What was done until a checkpoint isn't done again.
    progress: record.checkpoint && record.progress,
    suspended: continued || undefined,
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
  const isSamePlace = check && brought?.check && isSameObject(check, brought.check);
  return isTicketed || isSamePlace ? check : undefined;
}

/** A last attempt that failed after it was asked to stop has stopped: the request is cancelled. */
function completed(record: RequestRecord, event: CompleteEvent, now: number): Partial<RequestRecord> {
  const { outcome, attemptsExhausted } = event;
  const history = historyAfter(record, event, now);
  if (!attemptsExhausted) return { ...ended(outcome), history };
  const lastError = attemptsExhausted.error ?? record.lastError;
  if (record.status === 'cancelling') return { ...cancelled(record, now), history, lastError };
  return { ...ended(outcome), history, attemptsExhausted: true, lastError };
}

function historyAfter(
  { attempts, history, suspended }: RequestRecord,
  { outcome, attemptsExhausted, unrun, recovered, traceparent }: CompleteEvent,
  now: number,
): RequestRecord['history'] {
  // An attempt that was suspended ran before.
  if (unrun && !suspended) return withoutRun(history, attempts, recovered ? outcome.endedAt : undefined);
  const error = attemptsExhausted?.error ? attemptErrorOf(attemptsExhausted.error) : attemptErrorIn(outcome);
  return withEnded(history, attempts, now, { ...(error && { error }), ...(traceparent && { traceparent }) });
}

/** A failed attempt that was asked to stop has stopped: the request is cancelled. */
function released(
  record: RequestRecord,
  { error, uncounted, nextAttemptAt, traceparent }: ReleaseEvent,
  now: number,
): Partial<RequestRecord> {
  const left = record.status === 'cancelling' ? cancelled(record, now) : WAITING;
  const { attempts, history, uncountedAttempts = 0 } = record;
  return {
    ...left,
    history: withEnded(history, attempts, now, {
      error: attemptErrorOf(error),
      ...(uncounted && { uncounted }),
      ...(traceparent && { traceparent }),
    }),
    lastError: error,
    nextAttemptAt,
    uncountedAttempts: uncounted ? uncountedAttempts + 1 : record.uncountedAttempts,
  };
}

/** An attempt that makes progress is the first of those that count. */
function saved(
  record: RequestRecord,
  { checkpoint, progress = record.progress, suspend, traceparent }: CheckpointEvent,
  now: number,
): Partial<RequestRecord> {
  const { attempts, history } = record;
  const saving = { checkpoint, progress, uncountedAttempts: attempts - 1 };
  if (!suspend) return saving;
  const stopped = withEnded(history, attempts, now, traceparent === undefined ? {} : { traceparent });
  const change = { ...saving, history: stopped };
  // The attempt has stopped, as it was asked to.
  if (record.status === 'cancelling') return { ...change, ...cancelled(record, now) };
  return { ...change, ...WAITING, suspended: true };
}

const WAITING = {
  status: 'queued',
  leaseEndsAt: undefined,
  leaseId: undefined,
  suspended: undefined,
} as const;

function cancelled(record: RequestRecord, now: number): Partial<RequestRecord> {
  return ended(outcomeOf(record.request, cancellation(record.attempts), now));
}

function ended(outcome: Outcome): Partial<RequestRecord> {
  return {
    status: outcome.status,
    outcome,
    leaseEndsAt: undefined,
    leaseId: undefined,
    startedAt: undefined,
    nextAttemptAt: undefined,
    progress: undefined,
    suspended: undefined,
  };
}
