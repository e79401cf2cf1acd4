import {
  type CoatcheckError,
  type PermanentError,
  RequestCancelled,
  RequestExpired,
} from '../base/errors.ts';
import { messageOf } from '../base/serialize-error.ts';
import type { TraceContext } from '../base/traceparent.ts';
import { identityDigest, type RequestIdentity } from './request-id.ts';
import type { StoredResult } from './stored-result.ts';

/** A result small enough to travel in the outcome. */
export interface InlineResult {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** It is in the store as well, where it is too large for a record. */
  readonly stored?: StoredResult;
}

/** What a failed outcome tells, as an RFC 9457 problem. */
export interface Problem {
  /** `urn:coatcheck:problem:` and the code. */
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** A stable code for programs. */
  readonly code: string;
  /** How often it was tried, this time included. */
  readonly attempts: number;
  /** Facts that go with the code. */
  readonly details?: unknown;
}

/** How a request ended. */
export type Ending =
  | { readonly status: 'succeeded'; readonly result: InlineResult | StoredResult }
  | { readonly status: 'failed' | 'cancelled' | 'expired'; readonly problem: Problem };

/** An ending with the request it is of. */
export type Outcome = Ending &
  TraceContext & {
    readonly request: RequestIdentity;
    /** Milliseconds since 1970. */
    readonly endedAt: number;
    /** Whom its client wants it to be told, if anybody in particular. */
    readonly callbackUrl?: string;
    /** How often the request had been put back from the dead-letter queue, if it was. */
    readonly redrives?: number;
  };

/** The outcome of a request that ended so. @param endedAt milliseconds since 1970 */
export function outcomeOf(
  {
    id,
    source,
    tenant,
    traceparent,
    tracestate,
    callbackUrl,
  }: RequestIdentity & TraceContext & { readonly callbackUrl?: string },
  ending: Ending,
  endedAt: number,
  redrives?: number,
): Outcome {
  const request = { id, source, tenant };
  return { ...ending, request, endedAt, traceparent, tracestate, callbackUrl, redrives };
}

/** The id of an outcome: the same whenever it is published again, another for another ending, and after a redrive. */
export function outcomeId({ request, status, redrives }: Outcome): string {
  return identityDigest(redrives ? `${status} outcome ${redrives}` : `${status} outcome`, request);
}

/** The failure of a request by an error that won't go away. */
export function failure(error: PermanentError, attempts: number): Ending {
  return { status: 'failed', problem: problemOf(error, attempts, error.details) };
}

/** Longest detail of a brief failure, in characters. */
const BRIEF_DETAIL_MAX_LENGTH = 500;

/** A failure without its details, for a queue that doesn't take all of it; undefined for a success. */
export function briefly(outcome: Outcome): Outcome | undefined {
  if (outcome.status === 'succeeded') return undefined;
  const { details: _, detail, ...problem } = outcome.problem;
  return { ...outcome, problem: { ...problem, detail: detail.slice(0, BRIEF_DETAIL_MAX_LENGTH) } };
}

/** The ending of a request whose time was over before it was begun. */
export function expiry(attempts: number): Ending {
  return { status: 'expired', problem: problemOf(new RequestExpired(), attempts) };
}

/** The end of a request at its client's wish. */
export function cancellation(attempts: number): Ending {
  return { status: 'cancelled', problem: problemOf(new RequestCancelled(), attempts) };
}

/** Longest `code` and `detail`, in characters, and `details`, as JSON: a failure must always fit its message. */
const CODE_MAX_LENGTH = 256;
const DETAIL_MAX_LENGTH = 4_096;
const DETAILS_MAX_LENGTH = 32_768;

function problemOf(error: CoatcheckError, attempts: number, details?: unknown): Problem {
  // Text, though a handler in JavaScript may have given something else.
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

/** Details come from handlers: they may be endless, cyclic or no JSON at all, and the failure is told all the same. */
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
