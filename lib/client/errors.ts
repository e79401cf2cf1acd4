import { CoatcheckError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import type { ApiProblem, OutcomeProblem, RequestResource } from './types.ts';

export { CoatcheckError };

/** The API answered with an error. The leaves are those worth a branch of their own; `code` tells all apart. */
export class ApiError extends CoatcheckError {
  readonly code: string;
  /** Of the HTTP answer. */
  readonly status: number;
  readonly problem: ApiProblem;
  /** After which it is worth asking again, where the API says so. */
  readonly retryAfterSeconds?: number;

  constructor(problem: ApiProblem, retryAfterSeconds?: number) {
    super(`The API answered ${problem.status} ${problem.code}: ${problem.detail ?? problem.title}`);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The credentials are missing, wrong or not enough. */
export class NotAuthorized extends ApiError {}

/** There is no such request, or none of this tenant, or none any more. */
export class RequestUnknown extends ApiError {}

/** The service has more to do than it can do in time, or this tenant has had its share. Nothing was taken. */
export class Overloaded extends ApiError {}

/** The payload has more bytes than the service takes. */
export class PayloadTooLarge extends ApiError {}

/** The idempotency key was used for something else before. Nothing was taken. */
export class IdempotencyKeyReused extends ApiError {}

/** A request couldn't be cancelled: it had ended before. */
export class RequestFinished extends ApiError {}

/** The request succeeded, and its result isn't kept any more. */
export class ResultGone extends ApiError {}

/** There will be no result. */
export class RequestNotSucceeded extends ApiError {
  /** Why, where the API says more than which way it ended. */
  readonly outcome?: OutcomeProblem;

  constructor(problem: ApiProblem, retryAfterSeconds?: number) {
    super(problem, retryAfterSeconds);
    this.outcome = isOutcomeProblem(problem.problem) ? problem.problem : undefined;
    if (this.outcome) this.message += ` (${this.outcome.code}: ${this.outcome.detail})`;
  }
}

/** There will be no result: the request failed. */
export class RequestFailed extends RequestNotSucceeded {}

/** There will be no result: the request was cancelled. */
export class RequestCancelled extends RequestNotSucceeded {}

/** There will be no result: the request's time was over before it was begun. */
export class RequestExpired extends RequestNotSucceeded {}

/** There is no result yet. */
export class RequestPending extends CoatcheckError {
  readonly code = 'request_pending';
  readonly request: RequestResource;
  /** After which it is worth asking again, where the API says so. */
  readonly retryAfterSeconds?: number;

  constructor(request: RequestResource, retryAfterSeconds?: number) {
    super(`The request ${request.id} has no result yet: it is ${request.status}`);
    this.request = request;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The request hadn't ended when the time for waiting had. It goes on all the same. */
export class WaitTimedOut extends CoatcheckError {
  readonly code = 'wait_timed_out';
  /** As it was seen last; undefined when the API didn't answer in that time. */
  readonly request?: RequestResource;

  constructor(
    id: string,
    timeoutMilliseconds: number,
    request: RequestResource | undefined,
    cause?: unknown,
  ) {
    const state = request ? `it is ${request.status}` : 'nothing was heard of it';
    super(`The request ${id} hadn't ended after ${timeoutMilliseconds} ms: ${state}`, { cause });
    this.request = request;
  }
}

/** A call got no answer, or one that broke off: whether it took effect isn't known. */
export class ConnectionFailed extends CoatcheckError {
  readonly code = 'connection_failed';

  /** @param call method and URL; the query is left out, since it may hold a signature */
  constructor(call: string, cause: unknown) {
    super(`${call} failed: ${messageOf(cause)}`, { cause });
  }
}

/** The store refused a payload's upload or a result's download. */
export class TransferRefused extends CoatcheckError {
  readonly code = 'transfer_refused';
  /** Of the HTTP answer. */
  readonly status: number;
  /** The store's own code, `EntityTooLarge` say, where it gave one. */
  readonly storeCode?: string;

  /** @param call method and URL without the query */
  constructor(call: string, status: number, storeCode?: string) {
    super(`${call} was answered ${status}${storeCode ? ` ${storeCode}` : ''}`);
    this.status = status;
    this.storeCode = storeCode;
  }
}

/** An answer that isn't of this API's kind: the base URL may be another's. */
export class AnswerInvalid extends CoatcheckError {
  readonly code = 'answer_invalid';

  /** @param call method and URL without the query */
  constructor(call: string, expected: string, got: string) {
    super(`${call} should have been answered with ${expected}, got ${got.slice(0, 200)}`);
  }
}

const LEAVES: Readonly<Record<string, typeof ApiError>> = {
  request_unknown: RequestUnknown,
  overloaded: Overloaded,
  tenant_over_share: Overloaded,
  payload_too_large: PayloadTooLarge,
  idempotency_key_reused: IdempotencyKeyReused,
  request_finished: RequestFinished,
  result_gone: ResultGone,
  request_failed: RequestFailed,
  request_cancelled: RequestCancelled,
  request_expired: RequestExpired,
  http_401: NotAuthorized,
  http_403: NotAuthorized,
  http_413: PayloadTooLarge,
  http_429: Overloaded,
  http_503: Overloaded,
};

/** The error that an answer stands for. @param body its text */
export function apiErrorOf(
  { status, statusText }: Response,
  body: string,
  retryAfterSeconds?: number,
): ApiError {
  const problem = problemOf(status, statusText, body);
  const Leaf = LEAVES[problem.code] ?? LEAVES[`http_${status}`] ?? ApiError;
  return new Leaf(problem, retryAfterSeconds);
}

/** What stands before the API, a gateway or a proxy, has errors of another form. */
function problemOf(status: number, statusText: string, body: string): ApiProblem {
  const title = statusText || `HTTP ${status}`;
  const unknown = { type: 'about:blank', title, status, code: `http_${status}` };
  try {
    const value: unknown = JSON.parse(body);
    if (isApiProblem(value)) return { ...value, status };
    if (typeof value === 'object' && value !== null && 'message' in value) {
      return { ...unknown, detail: String(value.message) };
    }
  } catch {
    // Not JSON: the status has to do.
  }
  return { ...unknown, detail: body.slice(0, 200) || title };
}

function isApiProblem(value: unknown): value is ApiProblem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    'title' in value &&
    typeof value.title === 'string'
  );
}

function isOutcomeProblem(value: unknown): value is OutcomeProblem {
  return isApiProblem(value) && typeof value.detail === 'string';
}
