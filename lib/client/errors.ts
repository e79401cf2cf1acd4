import { CoatcheckError } from '../core/base/errors.ts';
import { isObject } from '../core/base/json-object.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import type { Problem as OutcomeProblem } from '../core/model/outcome.ts';
import type { FullKey } from '../core/ports/admission.ts';
import type { Batch } from './batch.ts';
import type { RequestResource } from './request.ts';

export { CoatcheckError };

/**
 * An error response of the API (problem details), with extension members.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface ApiProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Identifies the kind of error. */
  readonly code: string;
  readonly instance?: string;
  readonly [fact: string]: unknown;
}

/** The API answered with an error. Subclasses exist for errors that programs commonly handle; `code` identifies every error. */
export class ApiError extends CoatcheckError {
  override name: string = 'ApiError';
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  readonly problem: ApiProblem;
  /** Seconds to wait before trying again, if the API says so. */
  readonly retryAfterSeconds?: number;

  constructor(problem: ApiProblem, retryAfterSeconds?: number) {
    super(`The API answered ${problem.status} ${problem.code}: ${problem.detail ?? problem.title}`);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The credentials are missing, invalid or lack permissions. */
export class NotAuthorized extends ApiError {
  override readonly name = 'NotAuthorized';
}

/** The request doesn't exist, is another tenant's, or isn't kept any more. */
export class RequestUnknown extends ApiError {
  override readonly name = 'RequestUnknown';
}

/**
 * The service has more requests than it can process in time, the tenant has used its share, or a limit's `maxWaiting` is
 * reached. Nothing was accepted.
 */
export class Overloaded extends ApiError {
  override readonly name = 'Overloaded';
  /** The value of the limit's key whose `maxWaiting` is reached. Present with the code `too_many_waiting`. */
  readonly full?: FullKey;

  constructor(problem: ApiProblem, retryAfterSeconds?: number) {
    super(problem, retryAfterSeconds);
    const { key, value, waiting, maxWaiting } = problem;
    if (typeof key !== 'string' || typeof value !== 'string') return;
    if (typeof waiting === 'number' && typeof maxWaiting === 'number')
      this.full = { key, value, waiting, maxWaiting };
  }
}

/** The payload is larger than the service accepts. */
export class PayloadTooLarge extends ApiError {
  override readonly name = 'PayloadTooLarge';
}

/** The idempotency key was used for a different request. Nothing was accepted. */
export class IdempotencyKeyReused extends ApiError {
  override readonly name = 'IdempotencyKeyReused';
}

/** The id was that of a different request. Nothing was accepted. */
export class RequestIdReused extends ApiError {
  override readonly name = 'RequestIdReused';
}

/** The request couldn't be cancelled, because it had ended. */
export class RequestFinished extends ApiError {
  override readonly name = 'RequestFinished';
}

/** The request succeeded, but its result isn't kept any more. */
export class ResultGone extends ApiError {
  override readonly name = 'ResultGone';
}

/** The payload of the request isn't kept any more. */
export class PayloadGone extends ApiError {
  override readonly name = 'PayloadGone';
}

/** The payload of the request is where the API can't read it, such as in a message of SQS. The message says what to do. */
export class PayloadUnavailable extends ApiError {
  override readonly name = 'PayloadUnavailable';
}

/** The request has ended without a result. */
export class RequestNotSucceeded extends ApiError {
  override name: string = 'RequestNotSucceeded';

  /** Why it has no result, if the API says so. */
  readonly outcome?: OutcomeProblem;

  constructor(problem: ApiProblem, retryAfterSeconds?: number) {
    super(problem, retryAfterSeconds);
    this.outcome = isOutcomeProblem(problem.problem) ? problem.problem : undefined;
    if (this.outcome) this.message += ` (${this.outcome.code}: ${this.outcome.detail})`;
  }
}

/** The request failed. */
export class RequestFailed extends RequestNotSucceeded {
  override readonly name = 'RequestFailed';
}

/** The request was cancelled. */
export class RequestCancelled extends RequestNotSucceeded {
  override readonly name = 'RequestCancelled';
}

/** The request expired before an attempt started. */
export class RequestExpired extends RequestNotSucceeded {
  override readonly name = 'RequestExpired';
}

/** The request has no result yet. */
export class RequestPending extends CoatcheckError {
  override readonly name = 'RequestPending';
  readonly code = 'request_pending';
  readonly request: RequestResource;
  /** Seconds to wait before trying again, if the API says so. */
  readonly retryAfterSeconds?: number;

  constructor(request: RequestResource, retryAfterSeconds?: number) {
    super(`The request ${request.id} has no result yet; its status is ${request.status}`);
    this.request = request;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The request didn't end within the time limit. It continues. */
export class WaitTimedOut extends CoatcheckError {
  override readonly name = 'WaitTimedOut';
  readonly code = 'wait_timed_out';
  /** Its latest known state; undefined if the API held its answer for longer. */
  readonly request?: RequestResource;

  constructor(
    id: string,
    timeoutMilliseconds: number,
    request: RequestResource | undefined,
    cause?: unknown,
  ) {
    const seconds = Number((timeoutMilliseconds / 1_000).toPrecision(3));
    const state = request ? `; its status is ${request.status}` : '';
    super(`The request ${id} did not end within ${seconds} s${state}`, { cause });
    this.request = request;
  }
}

/** The batch didn't end in time. It continues. */
export class BatchWaitTimedOut extends CoatcheckError {
  override readonly name = 'BatchWaitTimedOut';
  readonly code = 'wait_timed_out';
  /** Its latest known state. */
  readonly batch: Batch;

  constructor(id: string, timeoutMilliseconds: number, batch: Batch) {
    const seconds = Number((timeoutMilliseconds / 1_000).toPrecision(3));
    super(`The batch ${id} did not end within ${seconds} s; ${stateOf(batch)}`);
    this.batch = batch;
  }
}

function stateOf({ status, import: imported }: Batch): string {
  if (imported?.state === 'running') return 'it is still importing items';
  return `its status is ${status}${status === 'open' ? ': seal it, so that it can end' : ''}`;
}

/** A call got no complete answer. It may have taken effect. */
export class ConnectionFailed extends CoatcheckError {
  override readonly name = 'ConnectionFailed';
  readonly code = 'connection_failed';

  /** @param call method and URL, without the query, which may hold a signature */
  constructor(call: string, cause: unknown) {
    super(`${call} failed: ${messageOf(cause)}`, { cause });
  }
}

/** The payload can't be read any more: a file that was opened as a `Blob` was changed or deleted. */
export class PayloadUnreadable extends CoatcheckError {
  override readonly name = 'PayloadUnreadable';
  readonly code = 'payload_unreadable';

  constructor(cause: unknown) {
    super(`Can't read the payload: ${messageOf(cause)}. Its file must not change while it is submitted`, {
      cause,
    });
  }
}

/** The store rejected the upload of a payload or the download of a result. */
export class TransferRefused extends CoatcheckError {
  override readonly name = 'TransferRefused';
  readonly code = 'transfer_refused';
  /** HTTP status. */
  readonly status: number;
  /** The store's error code, such as `EntityTooLarge`, if it sent one. */
  readonly storeCode?: string;

  /** @param call method and URL without the query */
  constructor(call: string, status: number, storeCode?: string) {
    super(`${call} failed: the store answered ${status}${storeCode ? ` ${storeCode}` : ''}`);
    this.status = status;
    this.storeCode = storeCode;
  }
}

/** A response isn't one of this API. The base URL may be wrong. */
export class AnswerInvalid extends CoatcheckError {
  override readonly name = 'AnswerInvalid';
  readonly code = 'answer_invalid';

  /** @param call method and URL without the query */
  constructor(call: string, expected: string, got: string) {
    super(`${call} should return ${expected}, got ${got.slice(0, 200)}`);
  }
}

const CLASSES: Readonly<Record<string, typeof ApiError>> = {
  request_unknown: RequestUnknown,
  overloaded: Overloaded,
  tenant_over_share: Overloaded,
  too_many_waiting: Overloaded,
  payload_too_large: PayloadTooLarge,
  idempotency_key_reused: IdempotencyKeyReused,
  request_id_reused: RequestIdReused,
  request_finished: RequestFinished,
  result_gone: ResultGone,
  payload_gone: PayloadGone,
  payload_unavailable: PayloadUnavailable,
  request_failed: RequestFailed,
  request_cancelled: RequestCancelled,
  request_expired: RequestExpired,
  http_401: NotAuthorized,
  http_403: NotAuthorized,
  http_413: PayloadTooLarge,
  http_429: Overloaded,
  http_503: Overloaded,
};

/** The error for a response. @param body text of the response */
export function apiErrorOf(
  { status, statusText }: Response,
  body: string,
  retryAfterSeconds?: number,
): ApiError {
  const problem = problemOf(status, statusText, body);
  const Class = CLASSES[problem.code] ?? CLASSES[`http_${status}`] ?? ApiError;
  return new Class(problem, retryAfterSeconds);
}

/** A gateway or proxy before the API sends errors in other forms. */
function problemOf(status: number, statusText: string, body: string): ApiProblem {
  const title = statusText || `HTTP ${status}`;
  const unknown = { type: 'about:blank', title, status, code: `http_${status}` };
  try {
    const value: unknown = JSON.parse(body);
    if (isApiProblem(value)) return { ...value, status };
    if (isObject(value) && 'message' in value) {
      return { ...unknown, detail: String(value.message) };
    }
  } catch {
    // Not JSON, but often a page: only the status is known, and what the page is about.
  }
  const page = /<title>([^<]+)<\/title>/i.exec(body)?.[1];
  return { ...unknown, detail: page ?? (body.slice(0, 200) || title) };
}

function isApiProblem(value: unknown): value is ApiProblem {
  return isObject(value) && typeof value.code === 'string' && typeof value.title === 'string';
}

function isOutcomeProblem(value: unknown): value is OutcomeProblem {
  return isApiProblem(value) && typeof value.detail === 'string';
}
