import type { RecordedAttempt } from './attempt-history.ts';
import type { Forecast, TimeRange } from './forecast.ts';
import type { Metadata } from './kept-metadata.ts';
import type { Priority } from './priority.ts';
import { type Progress, type RequestRecord, type RequestStatus, statusOf } from './request-record.ts';

/** The state of a request, from its record. */
export interface RequestView {
  readonly id: string;
  readonly tenant?: string;
  readonly topic?: string;
  /** Absent if its sender stated none: then it is `normal`. */
  readonly priority?: Priority;
  /** The metadata that its record keeps: of the keys that the service declares. */
  readonly metadata?: Metadata;
  /** It doesn't start before this time. */
  readonly notBefore?: Date;
  /** The failed request that it retries. */
  readonly retryOf?: string;
  readonly status: RequestStatus;
  /** Attempts started. */
  readonly attempts: number;
  /** The latest attempts that ran, in order, at most 20. */
  readonly attemptHistory: readonly AttemptView[];
  /** The version of the code that took the latest attempt, if it has one. */
  readonly handlerVersion?: string;
  /** The error of the latest failed attempt. */
  readonly lastError?: { readonly name: string; readonly message: string; readonly code?: unknown };
  /** The progress that the latest attempt reported. */
  readonly progress?: Progress;
  /** Checkpoints that the handler saved, if any. */
  readonly checkpoints?: number;
  /** What it waits for, in one sentence for people. Undefined once it has ended. */
  readonly why?: string;
  /** True if it waits because processing is paused, or that of requests which share its key; undefined otherwise. */
  readonly isPaused?: true;
  /** When its next attempt starts, for nine of ten requests. Undefined if too little is known, or if it has expired. */
  readonly startsAbout?: DateRange;
  /** When its current or next attempt ends, for nine of ten requests. Undefined if too little is known. */
  readonly endsAbout?: DateRange;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** An attempt of a request, from its record. */
export interface AttemptView extends Omit<RecordedAttempt, 'n' | 'at' | 'ms' | 'version'> {
  readonly number: number;
  readonly startedAt: Date;
  /** Undefined while it runs, and if it never reported its end: crash, out of memory or timeout. */
  readonly endedAt?: Date;
  /** The version of its code, if it has one. */
  readonly handlerVersion?: string;
}

/** The earliest and the latest time that something is expected. */
export interface DateRange {
  readonly from: Date;
  readonly to: Date;
}

/**
 * The state of a record's request.
 * @param now milliseconds since 1970
 * @param forecast what it waits for. @default - left out
 */
export function viewOf(record: RequestRecord, now: number, forecast?: Forecast): RequestView {
  const { request, attempts, history = [], handlerVersion, lastError, progress, checkpoint } = record;
  const { createdAt, updatedAt } = record;
  return {
    id: request.id,
    tenant: request.tenant,
    topic: request.topic,
    priority: request.priority,
    metadata: record.metadata,
    notBefore: request.notBefore === undefined ? undefined : new Date(request.notBefore),
    retryOf: request.retryOf,
    status: statusOf(record, now),
    attempts,
    attemptHistory: history.map(attemptViewOf),
    handlerVersion,
    lastError,
    progress,
    checkpoints: checkpoint?.number,
    why: forecast?.why,
    isPaused: forecast?.isPaused,
    startsAbout: datesOf(forecast?.startsAbout),
    endsAbout: datesOf(forecast?.endsAbout),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}

function attemptViewOf({ n, at, ms, version, ...attempt }: RecordedAttempt): AttemptView {
  return {
    number: n,
    ...attempt,
    startedAt: new Date(at),
    endedAt: ms === undefined ? undefined : new Date(at + ms),
    handlerVersion: version,
  };
}

function datesOf(range: TimeRange | undefined): DateRange | undefined {
  return range && { from: new Date(range.from), to: new Date(range.to) };
}
