import type { Context } from 'hono';
import type { Outcome } from '../core/model/outcome.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { StoredResult } from '../core/model/stored-result.ts';
import type { ApiParts } from './context.ts';
import { ApiError } from './problem.ts';
import { answerRequest } from './request-answer.ts';

/** How long a result's URL works: a quarter of an hour. */
const DOWNLOAD_SECONDS = 900;

const DAY_MILLISECONDS = 86_400_000;

/** A result is whatever a handler made: no page of this API's origin, whatever it says it is. */
const INERT = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "sandbox; default-src 'none'",
  'Cache-Control': 'no-store',
} as const;

/** The response that gives a request's result: the bytes, where they are, or why there are none. */
export async function answerResult(c: Context, record: RequestRecord, parts: ApiParts) {
  const { outcome } = record;
  if (!outcome) return answerRequest(c, record, parts, { status: 202 });
  if (outcome.status !== 'succeeded') throw noResult(outcome);
  const { result } = outcome;
  if (!('check' in result)) {
    return c.body(new Uint8Array(result.bytes), 200, { ...INERT, 'Content-Type': result.contentType });
  }
  assertKept(outcome.endedAt, parts);
  return c.body(null, 303, { ...INERT, Location: await urlOf(result, parts) });
}

function urlOf(result: StoredResult, { transfers }: ApiParts): Promise<string> {
  return transfers.downloadUrl(result, DOWNLOAD_SECONDS);
}

/** Records may be kept longer than results. */
function assertKept(endedAt: number, { resultAgeDays, clock }: ApiParts): void {
  if (clock.now() < endedAt + resultAgeDays * DAY_MILLISECONDS) return;
  throw new ApiError({
    status: 410,
    code: 'result_gone',
    detail: `Results are kept for ${resultAgeDays} days, this one is older`,
  });
}

/** How a request without a result ended. */
const ENDED = { failed: 'failed', cancelled: 'was cancelled', expired: 'expired' } as const;

function noResult({
  request,
  status,
  problem,
}: Exclude<Outcome, { readonly status: 'succeeded' }>): ApiError {
  return new ApiError({
    status: status === 'expired' ? 410 : 409,
    code: `request_${status}`,
    detail: `The request ${request.id} ${ENDED[status]} and has no result`,
    facts: { problem },
  });
}
