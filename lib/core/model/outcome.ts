import {
  CancelledByClient,
  type CoatcheckError,
  ExpiredBeforeStart,
  type PermanentError,
} from '../base/errors.ts';
import { isObject } from '../base/json-object.ts';
import { messageOf, summarizeError } from '../base/serialize-error.ts';
import type { TraceContext } from '../base/traceparent.ts';
import { identityDigest, type RequestIdentity } from './request-id.ts';
import type { ResponseHead, ResultSource } from './result-source.ts';
import type { StoredResult } from './stored-result.ts';

/** A result that is small enough to be part of the outcome. */
export interface InlineResult extends ResultSource {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** The stored copy of a result that is too large for a record. */
  readonly stored?: StoredResult;
}

/** Why a request failed, as an RFC 9457 problem. */
export interface Problem {
  /** `urn:coatcheck:problem:` and the code. */
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** A stable code for programs. */
  readonly code: string;
  /** The number of attempts, including the last one. */
  readonly attempts: number;
  /** More data about the failure; its shape depends on the code. */
  readonly details?: unknown;
}

/** How a request ended, without the request. */
export type Ending =
  | { readonly status: 'succeeded'; readonly result: InlineResult | StoredResult }
  | {
      readonly status: 'failed' | 'cancelled' | 'expired';
      readonly problem: Problem;
      /** Where the error of a failure was thrown. It is recorded, not published. */
      readonly frame?: string;
    };

/** The end of a request. */
export type Outcome = Ending &
  TraceContext & {
    readonly request: RequestIdentity;
    /** Milliseconds since 1970. */
    readonly endedAt: number;
    /** The callback URL, if the client named one. */
    readonly callbackUrl?: string;
    /** The topic of the request. */
    readonly topic?: string;
    /** How often the request was redriven from the dead-letter queue; absent if never. */
    readonly redrives?: number;
  };

/** Makes the outcome of a request. @param endedAt milliseconds since 1970 */
export function outcomeOf(
  {
    id,
    source,
    tenant,
    traceparent,
    tracestate,
    callbackUrl,
    topic,
  }: RequestIdentity & TraceContext & Pick<Outcome, 'callbackUrl' | 'topic'>,
  ending: Ending,
  endedAt: number,
  redrives?: number,
): Outcome {
  const request = { id, source, tenant };
  return { ...ending, request, endedAt, traceparent, tracestate, callbackUrl, topic, redrives };
}

/** The id of an outcome. It stays the same when the outcome is published again, and differs after a redrive. */
export function outcomeId({ request, status, redrives }: Outcome): string {
  return identityDigest(redrives ? `${status} outcome ${redrives}` : `${status} outcome`, request);
}

/** The ending of a request that failed with a permanent error. */
export function failure(error: PermanentError, attempts: number): Ending {
  const { frame } = summarizeError(error);
  return { status: 'failed', problem: problemOf(error, attempts, error.details), frame };
}

/** The response with which an HTTP service failed a request, if it did. */
export function responseOf({
  code,
  details,
}: Problem): (ResponseHead & { readonly body: string }) | undefined {
  if (!isObject(details)) return undefined;
  const response = code === 'service_refused' ? details : details.response;
  if (!isObject(response)) return undefined;
  const { status, contentType, body } = response;
  if (typeof status !== 'number' || typeof body !== 'string') return undefined;
  return { status, contentType: typeof contentType === 'string' ? contentType : null, body };
}

/** Longest `detail` of a shortened failure, in characters. */
const BRIEF_DETAIL_MAX_LENGTH = 500;

/** Shortens a failure that is too large for a queue. Undefined for a success. */
export function briefly(outcome: Outcome): Outcome | undefined {
  if (outcome.status === 'succeeded') return undefined;
  const { details: _, detail, ...problem } = outcome.problem;
  return { ...outcome, problem: { ...problem, detail: detail.slice(0, BRIEF_DETAIL_MAX_LENGTH) } };
}

/** The ending of a request that expired before an attempt started. */
export function expiry(attempts: number): Ending {
  return { status: 'expired', problem: problemOf(new ExpiredBeforeStart(), attempts) };
}

/** The ending of a request that its client cancelled. */
export function cancellation(attempts: number): Ending {
  return { status: 'cancelled', problem: problemOf(new CancelledByClient(), attempts) };
}

/** Longest `code` and `detail`, in characters, and `details`, as JSON: a failure must always fit its message. */
const CODE_MAX_LENGTH = 256;
const DETAIL_MAX_LENGTH = 4_096;
const DETAILS_MAX_LENGTH = 32_768;

function problemOf(error: CoatcheckError, attempts: number, details?: unknown): Problem {
  // A handler in JavaScript can throw a code of another type.
  const code = String(error.code).slice(0, CODE_MAX_LENGTH).toWellFormed();
  return {
    type: `urn:coatcheck:problem:${encodeURIComponent(code)}`,
    title: code.replaceAll('_', ' '),
    detail: String(error.message).slice(0, DETAIL_MAX_LENGTH),
    code,
    attempts,
    ...(details === undefined ? {} : { details: publishable(details) }),
  };
}

/** Details come from handlers. They may be huge, cyclic or no JSON: the failure must be published anyway. */
function publishable(details: unknown): unknown {
  try {
    const json = JSON.stringify(details) ?? 'null';
    return json.length <= DETAILS_MAX_LENGTH
      ? JSON.parse(json)
      : `omitted: ${json.length} characters of JSON`;
  } catch (error) {
    return `omitted: ${messageOf(error)}`;
  }
}
