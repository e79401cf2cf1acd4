import type { ErrorSummary } from '../core/base/serialize-error.ts';
import type { AttemptError } from '../core/model/attempt-history.ts';
import type { Problem as OutcomeProblem } from '../core/model/outcome.ts';
import type { Priority } from '../core/model/priority.ts';
import type { Progress, RequestStatus } from '../core/model/request-record.ts';
import type { WebhookStatus } from '../core/model/webhook-state.ts';

/** A request in the API. Times are in RFC 3339, UTC. */
export interface RequestResource {
  /** The ticket. */
  readonly id: string;
  /** Tenant that it belongs to, if it has one: only in lists for operators. */
  readonly tenant?: string;
  /** Issuer of the id, if it isn't this API; such a request is found only with `source`. */
  readonly source?: string;
  readonly status: RequestStatus;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it succeeded, failed, was cancelled or expired. */
  readonly endedAt?: string;
  /** It doesn't start before this time. */
  readonly notBefore?: string;
  /** It doesn't start after this time. */
  readonly expiresAt?: string;
  /** Oldest version of the handler that may run it. */
  readonly minVersion?: string;
  /** What it is about. */
  readonly topic?: string;
  /** How urgent it is; absent if its sender stated none: then it is `normal`. */
  readonly priority?: Priority;
  /** Metadata that its record keeps: of the keys that the service declares. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Trace that it belongs to, if any. */
  readonly traceparent?: string;
  /** The failed request that it retries. */
  readonly retryOf?: string;
  /** Attempts started. */
  readonly attempts: number;
  /** The latest attempts that ran, in order, at most 20. Absent in lists, and if none is known. */
  readonly attemptHistory?: readonly Attempt[];
  /** Version of the code that took the latest attempt, if it has one. */
  readonly handlerVersion?: string;
  /** Progress that the latest attempt reported. */
  readonly progress?: Progress;
  /** Checkpoints that the handler saved, if any. */
  readonly checkpoints?: number;
  /** Error of the latest failed attempt. */
  readonly lastError?: ErrorSummary;
  /** Group of its failure, if it failed. */
  readonly failureGroup?: string;
  /** What it waits for, in one sentence for people. Absent once it has ended. */
  readonly why?: string;
  /** True if it waits because processing is paused, or that of requests which share its key; absent otherwise. */
  readonly isPaused?: true;
  /** When its next attempt starts, for nine of ten requests. Absent if too little is known, while it runs, once it has expired, and in lists. */
  readonly startsAbout?: TimeRange;
  /** When its current or next attempt ends, for nine of ten requests. Absent if too little is known, and in lists. */
  readonly endsAbout?: TimeRange;
  /** Size and type of its result, if it succeeded. */
  readonly result?: { readonly size: number; readonly contentType: string };
  /** Why it has no result, if it failed, was cancelled or expired. */
  readonly problem?: OutcomeProblem;
  /** State of its webhook, if it has one. */
  readonly webhook?: WebhookDelivery;
  /** Paths relative to the API's base URL. */
  readonly links: { readonly self: string; readonly result: string; readonly cancel: string };
}

/** An attempt of a request. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly startedAt: string;
  /** Absent while it runs, and if it never reported its end: crash, out of memory or timeout. */
  readonly endedAt?: string;
  /** Version of its code, if it has one. */
  readonly handlerVersion?: string;
  /** Why it failed, in short. */
  readonly error?: AttemptError;
  /** It doesn't count, since the request didn't cause its failure. */
  readonly uncounted?: true;
  /** Of the first attempt after a redrive: the number of the redrive, from 1. */
  readonly redrive?: number;
  /** Its trace, if it has one apart from that of its request. */
  readonly traceparent?: string;
}

/** A request that was submitted. */
export interface SubmittedRequest extends RequestResource {
  /** The signed receipt, if the service gives one; for an upload, only with `sha256`, and of its ticket. See docs/ledger.md. */
  readonly receipt?: string;
}

/** The earliest and the latest time that something is expected. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

/** State of a webhook. */
export interface WebhookDelivery {
  /**
   * Final: `delivered`, `disabled` (its receiver answered 410) and `dead_lettered` (it is in the webhooks' dead-letter
   * queue).
   */
  readonly status: WebhookStatus;
  /** Time of the last attempt; while it is pending, the request's end. */
  readonly at: string;
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly reason?: string;
  readonly nextAttemptAt?: string;
}

/** A page of requests. */
export interface RequestPage {
  /** Can be fewer than the limit even if there are more. */
  readonly requests: readonly RequestResource[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/** Whether a request has ended. Its status is then final. */
export function hasEnded({ status }: Pick<RequestResource, 'status'>): boolean {
  return FINAL_STATUSES.includes(status);
}

const FINAL_STATUSES: readonly RequestStatus[] = ['succeeded', 'failed', 'cancelled', 'expired'];
