import type { Context } from 'hono';
import { requestFields } from '../core/base/log-fields.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { recordAtEnd } from '../core/intake/wait-for-outcome.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { Load } from '../core/ports/admission.ts';
import type { ApiParts } from './context.ts';
import { retryAfter } from './error-problem.ts';
import { type RequestResource, resourceOf } from './request-resource.ts';

/** After which it is worth asking again how a request is, in seconds. */
const RETRY_AFTER_SECONDS = 2;

/** How a request is told of. */
export interface AnswerOptions<Status extends number> {
  readonly status: Status;
  /** How long the client preferred to wait, in seconds. */
  readonly wait?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The response that tells of a request. */
export function answerRequest<Status extends 200 | 201 | 202>(
  c: Context,
  record: RequestRecord,
  { webhookRules }: Pick<ApiParts, 'webhookRules'>,
  { status, wait, headers }: AnswerOptions<Status>,
) {
  const resource = resourceOf(record, webhookRules);
  return c.json(resource, status, {
    ...headers,
    ...requestHeaders(record, resource),
    ...(wait === undefined ? {} : { 'Preference-Applied': `wait=${wait}` }),
  });
}

/** Which version of a request's resource this is, and when to ask again. */
export function requestHeaders(
  record: RequestRecord,
  resource: RequestResource,
): Record<string, string> & { readonly ETag: string } {
  return {
    ETag: etagOf(resource),
    'Cache-Control': 'no-store',
    ...(record.outcome ? {} : retryAfter(RETRY_AFTER_SECONDS)),
  };
}

/** Changes whenever the resource does. */
function etagOf(resource: RequestResource): string {
  return `"${digestOf(JSON.stringify(resource))}"`;
}

/**
 * A record once its request has ended, or when the time the client prefers to wait is over. A call isn't held where
 * that would be in vain, or where as many are held as may be: each keeps an instance busy.
 * @param since when the call came, in milliseconds since 1970: API Gateway doesn't wait for longer because it took long
 */
export async function heldUntilEnd(
  record: RequestRecord,
  waitSeconds: number | undefined,
  { records, clock, logger, admission, heldCalls }: ApiParts,
  since: number,
): Promise<RequestRecord> {
  if (waitSeconds === undefined || record.outcome) return record;
  // Its payload may never come.
  if (record.status === 'awaiting_upload') return record;
  // Whoever is held keeps an instance busy, which the processor may be short of.
  if (record.status === 'queued' && isLonger((await admission.state()).load, waitSeconds)) return record;
  const until = since + waitSeconds * 1000;
  const find = () => records.find(record.request);
  try {
    if (!(await heldCalls.mayHold(clock.now()))) return record;
    return (await recordAtEnd(find, until, clock)) ?? record;
  } catch (error) {
    // What is known is an answer; without one a client that handed in a request would never know its ticket.
    const fields = { ...requestFields(record.request), error: serializeError(error) };
    logger.warn('A request could not be waited for', fields);
    return record;
  }
}

/** Whether a request that comes now would wait longer for its end. */
function isLonger({ predictedWaitSeconds = 0 }: Load, waitSeconds: number): boolean {
  return predictedWaitSeconds > waitSeconds;
}
