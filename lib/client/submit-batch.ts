import { isObject } from '../core/base/json-object.ts';
import { readTraceContext } from '../core/base/traceparent.ts';
import { hasMembers, isRequest, readJson } from './answers.ts';
import type { Api } from './api.ts';
import type { ApiProblem } from './errors.ts';
import type { RequestResource } from './request.ts';
import { assertSubmittable, keyFor, type SubmissionOptions, toRfc3339 } from './submission.ts';

/** A payload in one of three forms. */
export type PayloadForm =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly bytes: Uint8Array<ArrayBuffer> };

/** A request of {@link CoatcheckClient.submitBatch}. */
export type BatchRequest = PayloadForm &
  Pick<
    SubmissionOptions,
    | 'contentType'
    | 'contentEncoding'
    | 'contentLanguage'
    | 'id'
    | 'idempotencyKey'
    | 'notBefore'
    | 'expiresAt'
    | 'minVersion'
    | 'orderingKey'
    | 'topic'
    | 'priority'
    | 'callbackUrl'
    | 'metadata'
  >;

/** The result of one request of a batch: it is queued, or the reason why it isn't. */
export type BatchResult =
  | { readonly status: 202; readonly request: RequestResource }
  | { readonly status: number; readonly problem: ApiProblem };

/** Options of {@link CoatcheckClient.submitBatch}, for all of its requests. */
export type BatchOptions = Pick<SubmissionOptions, 'traceparent' | 'tracestate' | 'signal'>;

/** Most requests in one call. */
export const MAX_BATCH = 100;

/** Bytes that become one text: each is an argument of a function. */
const CHUNK_BYTES = 8_192;

/** The ids or the idempotency keys make retries safe. @throws ApiError, ConnectionFailed; RangeError for invalid options */
export async function submitBatch(
  api: Api,
  requests: readonly BatchRequest[],
  { signal, ...trace }: BatchOptions,
): Promise<BatchResult[]> {
  if (requests.length < 1 || requests.length > MAX_BATCH) {
    throw new RangeError(`submitBatch() takes 1 to ${MAX_BATCH} requests, got ${requests.length}`);
  }
  const answer = await api.json({
    method: 'POST',
    path: '/v1/requests:batch',
    headers: { 'content-type': 'application/json', ...readTraceContext(trace) },
    body: JSON.stringify({ requests: requests.map(itemOf) }),
    signal,
  });
  const isAnswer = (value: unknown): value is { results: BatchResult[] } =>
    isObject(value) &&
    Array.isArray(value.results) &&
    value.results.length === requests.length &&
    value.results.every(isResult);
  return readJson(answer, `the results of ${requests.length} requests`, isAnswer).results;
}

function itemOf(given: BatchRequest) {
  return membersOf({ ...given, idempotencyKey: keyFor(given) });
}

/** The members of a request among several of a call. @throws RangeError for invalid options */
export function membersOf({ notBefore, expiresAt, ...given }: BatchRequest & { readonly key?: string }) {
  assertSubmittable({ ...given, notBefore, expiresAt });
  const { bytes, ...item } = { bytes: undefined, ...given };
  return {
    ...item,
    ...(bytes && { base64: base64Of(bytes) }),
    notBefore: toRfc3339(notBefore),
    expiresAt: toRfc3339(expiresAt),
  };
}

/** Browsers have no `Buffer`. */
function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK_BYTES));
  }
  return btoa(text);
}

function isResult(value: unknown): value is BatchResult {
  if (!hasMembers(value, { status: 'number' }) || !isObject(value)) return false;
  return isRequest(value.request) || hasMembers(value.problem, { code: 'string', status: 'number' });
}
