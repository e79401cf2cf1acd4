import type { Context } from 'hono';
import { requestFields } from '../core/base/log-fields.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { recordAtEnd } from '../core/intake/wait-for-outcome.ts';
import { isEarly } from '../core/model/not-before.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import { secondsUntil } from '../core/model/retry.ts';
import { closestOf } from '../core/model/topic.ts';
import type { Load } from '../core/ports/admission.ts';
import type { ApiParts } from './context.ts';
import { retryAfterHeader } from './error-problem.ts';
import { NO_STORE } from './no-store.ts';
import { type RequestResource, resourceOf, withTenant } from './request-resource.ts';

/** Seconds after which clients should poll a request again. */
const RETRY_AFTER_SECONDS = 2;

/** The same for a request that must not start yet. It may be cancelled meanwhile. */
const SCHEDULED_RETRY_AFTER_SECONDS = 60;

/** How to answer with a request. */
export interface AnswerOptions<Status extends number> {
  readonly status: Status;
  /** How long the client preferred to wait, in seconds. */
  readonly wait?: number;
  /** Whether the request was just submitted: then its answer takes no reads of its own. @default false */
  readonly isSubmitted?: boolean;
  /** Whether an operator asks for the request of a tenant. @default false */
  readonly forOperator?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The response for a request. */
export async function answerRequest<Status extends 200 | 201 | 202>(
  c: Context,
  record: RequestRecord,
  { destinations, webhookRules, clock }: Pick<ApiParts, 'destinations' | 'webhookRules' | 'clock'>,
  { status, wait, isSubmitted, forOperator = false, headers }: AnswerOptions<Status>,
) {
  const { forecaster } = closestOf(destinations, record.request.topic) ?? destinations[0];
  const forecast = await (isSubmitted ? forecaster.forecastSubmitted(record) : forecaster.forecast(record));
  const now = clock.now();
  const answered = resourceOf(record, webhookRules, now, forecast);
  return c.json(forOperator ? withTenant(answered, record) : answered, status, {
    ...headers,
    ...requestHeaders(record, resourceOf(record, webhookRules, now), now),
    ...(wait === undefined ? {} : { 'Preference-Applied': `wait=${wait}` }),
  });
}

/** The ETag of a request's resource, without its forecast, and when to poll again. */
export function requestHeaders(
  record: RequestRecord,
  resource: RequestResource,
  now: number,
): Record<string, string> & { readonly ETag: string } {
  return {
    ETag: etagOf(resource),
    ...NO_STORE,
    ...(record.outcome ? {} : retryAfterHeader(pollSeconds(record, now))),
  };
}

function pollSeconds({ request: { notBefore = 0 } }: RequestRecord, now: number): number {
  const seconds = Math.ceil(secondsUntil(notBefore, now));
  return Math.min(Math.max(seconds, RETRY_AFTER_SECONDS), SCHEDULED_RETRY_AFTER_SECONDS);
}

/** Changes whenever the resource does. */
function etagOf(resource: RequestResource): string {
  return `"${digestOf(JSON.stringify(resource))}"`;
}

/**
 * Waits for a request to end, up to the time the client prefers, and returns its record. Returns at once if the request
 * can't end in time, or if too many calls are held already: each held call keeps an instance busy.
 * @param since when the call arrived, in milliseconds since 1970; API Gateway's timeout counts from then
 */
export async function heldUntilEnd(
  record: RequestRecord,
  waitSeconds: number | undefined,
  { records, clock, logger, destinations, heldCalls }: ApiParts,
  since: number,
): Promise<RequestRecord> {
  if (waitSeconds === undefined || record.outcome) return record;
  // Its payload may never come.
  if (record.status === 'awaiting_upload') return record;
  if (isEarly(record.request, since + waitSeconds * 1000)) return record;
  // Every held call keeps an instance busy, and the processor may need that concurrency.
  const { admission } = closestOf(destinations, record.request.topic) ?? destinations[0];
  if (record.status === 'queued' && isLonger((await admission.state()).load, waitSeconds)) return record;
  const until = since + waitSeconds * 1000;
  const find = () => records.find(record.request);
  try {
    if (!(await heldCalls.mayHold(clock.now()))) return record;
    return (await recordAtEnd(find, until, clock)) ?? record;
  } catch (error) {
    // Answer with the known record. After an error, a client that just submitted would never learn its ticket.
    const fields = { ...requestFields(record.request), error: serializeError(error) };
    logger.warn('Could not wait for a request to end', fields);
    return record;
  }
}

/** Whether a request submitted now would take longer than that. */
function isLonger({ predictedWaitSeconds = 0 }: Load, waitSeconds: number): boolean {
  return predictedWaitSeconds > waitSeconds;
}
