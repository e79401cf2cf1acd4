import type { Context } from 'hono';
import type { Outcome } from '../core/model/outcome.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import { isResultKept } from '../core/model/stored-result.ts';
import type { DownloadableObject } from '../core/ports/client-transfers.ts';
import type { ApiParts } from './context.ts';
import { INERT } from './inert.ts';
import { ProblemError } from './problem.ts';
import { type AnswerOptions, answerRequest } from './request-answer.ts';

/** How long a result's URL is valid: 15 minutes. */
const DOWNLOAD_SECONDS = 900;

/** The response for a request's result: its bytes, a redirect to them, or why there are none. */
export async function answerResult(
  c: Context,
  record: RequestRecord,
  parts: ApiParts,
  options?: Pick<AnswerOptions<202>, 'forOperator'>,
) {
  const { outcome } = record;
  if (!outcome) return answerRequest(c, record, parts, { ...options, status: 202 });
  if (outcome.status !== 'succeeded') throw noResult(outcome);
  const { result } = outcome;
  if (!('check' in result)) {
    return c.body(new Uint8Array(result.bytes), 200, { ...INERT, 'Content-Type': result.contentType });
  }
  assertKept(outcome.endedAt, parts);
  return redirectTo(c, result, parts);
}

/** The redirect to an object in the store. */
export async function redirectTo(
  c: Context,
  object: DownloadableObject,
  { transfers }: Pick<ApiParts, 'transfers'>,
) {
  const Location = await transfers.downloadUrl(object, DOWNLOAD_SECONDS);
  return c.body(null, 303, { ...INERT, Location });
}

/** @throws ProblemError 410 */
export function assertKept(endedAt: number, { resultAgeDays, clock }: ApiParts): void {
  if (isResultKept(endedAt, resultAgeDays, clock.now())) return;
  throw new ProblemError({
    status: 410,
    code: 'result_gone',
    detail: `The result has expired: results are kept for ${resultAgeDays} days`,
  });
}

/** Verbs for the ends of requests without a result. */
const ENDED = { failed: 'failed', cancelled: 'was cancelled', expired: 'expired' } as const;

function noResult({
  request,
  status,
  problem,
}: Exclude<Outcome, { readonly status: 'succeeded' }>): ProblemError {
  return new ProblemError({
    status: status === 'expired' ? 410 : 409,
    code: `request_${status}`,
    detail: `The request ${request.id} ${ENDED[status]} and has no result`,
    facts: { problem },
  });
}
