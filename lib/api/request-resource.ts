import type * as z from 'zod';
import { forecastOf, NO_FIGURES } from '../core/intake/forecast/forecast.ts';
import type { RecordedAttempt } from '../core/model/attempt-history.ts';
import type { Forecast, TimeRange } from '../core/model/forecast.ts';
import { idSegment } from '../core/model/id-segment.ts';
import type { Outcome } from '../core/model/outcome.ts';
import { linksOf } from '../core/model/request-links.ts';
import { type RequestRecord, statusOf } from '../core/model/request-record.ts';
import { type WebhookRules, webhookUrl } from '../core/webhooks/recipient.ts';
import type { Request } from './schemas.ts';

/** A request as the API represents it. */
export type RequestResource = z.infer<typeof Request>;

/**
 * Represents a record for clients.
 * @param rules which events are sent as webhooks
 * @param now milliseconds since 1970
 * @param forecast what it waits for. @default - left out
 */
export function resourceOf(
  record: RequestRecord,
  rules: WebhookRules,
  now: number,
  forecast?: Forecast,
): RequestResource {
  const { request, metadata, attempts, history, handlerVersion, progress, checkpoint, lastError } = record;
  const { outcome, failureGroup } = record;
  // What only the payload's object says is known when the request ends.
  const traceparent = request.traceparent ?? outcome?.traceparent;
  const topic = request.topic ?? outcome?.topic;
  return {
    id: request.id,
    ...(request.source === '' ? {} : { source: request.source }),
    status: statusOf(record, now),
    createdAt: formatTime(record.createdAt),
    updatedAt: formatTime(record.updatedAt),
    ...(outcome && { endedAt: formatTime(outcome.endedAt) }),
    ...(request.notBefore !== undefined && { notBefore: formatTime(request.notBefore) }),
    ...(request.expiresAt === undefined ? {} : { expiresAt: formatTime(request.expiresAt) }),
    ...(request.minVersion !== undefined && { minVersion: request.minVersion }),
    ...(topic !== undefined && { topic }),
    ...(request.priority !== undefined && { priority: request.priority }),
    ...(metadata && { metadata: { ...metadata } }),
    ...(traceparent !== undefined && { traceparent }),
    ...(request.retryOf !== undefined && { retryOf: request.retryOf }),
    attempts: record.attemptsExhausted && outcome?.status === 'failed' ? outcome.problem.attempts : attempts,
    ...(history && history.length > 0 && { attemptHistory: history.map(attemptOf) }),
    ...(handlerVersion !== undefined && { handlerVersion }),
    ...(progress && { progress }),
    ...(checkpoint && { checkpoints: checkpoint.number }),
    ...(lastError && { lastError }),
    ...(forecast && forecastFields(forecast)),
    ...(outcome && endOf(outcome)),
    ...(failureGroup !== undefined && { failureGroup }),
    ...webhookOf(record, rules),
    links: linksOf(request.id, request.source),
  };
}

function attemptOf({
  n,
  at,
  ms,
  version,
  ...attempt
}: RecordedAttempt): NonNullable<RequestResource['attemptHistory']>[number] {
  return {
    number: n,
    ...attempt,
    startedAt: formatTime(at),
    ...(ms !== undefined && { endedAt: formatTime(at + ms) }),
    ...(version !== undefined && { handlerVersion: version }),
  };
}

/**
 * A request among others. Leaves out its attempts and the details of its problem, with which a page could be too large, and what
 * takes more reads than its record.
 */
export function listedResourceOf(record: RequestRecord, rules: WebhookRules, now: number): RequestResource {
  const forecast = forecastOf(record, NO_FIGURES, now);
  const { problem, attemptHistory: _attempts, ...resource } = resourceOf(record, rules, now, forecast);
  if (!problem) return resource;
  const { details: _, ...listed } = problem;
  return { ...resource, problem: listed };
}

/** A request among those of all tenants. */
export function resourceForOperator(
  record: RequestRecord,
  rules: WebhookRules,
  now: number,
): RequestResource {
  return withTenant(listedResourceOf(record, rules, now), record);
}

/** The resource of a request for an operator: with its tenant, and links that name it. */
export function withTenant(resource: RequestResource, { request }: RequestRecord): RequestResource {
  const { id, source, tenant } = request;
  return tenant === undefined ? resource : { ...resource, tenant, links: linksOf(id, source, tenant) };
}

/** The URL of a request that this API created, relative to `/v1/…`, so that it works below any base path. */
export function locationOf({ request }: RequestRecord): string {
  return `requests/${idSegment(request.id)}`;
}

/** Milliseconds since 1970 as RFC 3339. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function forecastFields({ why, isPaused, startsAbout, endsAbout }: Forecast) {
  return {
    why,
    ...(isPaused && { isPaused }),
    ...(startsAbout && { startsAbout: formatRange(startsAbout) }),
    ...(endsAbout && { endsAbout: formatRange(endsAbout) }),
  };
}

function formatRange({ from, to }: TimeRange) {
  return { from: formatTime(from), to: formatTime(to) };
}

/** The state of the webhook for the latest outcome; nothing if it has none. */
export function webhookOf(
  { outcome, webhook: state }: Pick<RequestRecord, 'outcome' | 'webhook'>,
  rules: WebhookRules,
): Pick<RequestResource, 'webhook'> {
  if (!outcome) return {};
  if (state?.endedAt !== outcome.endedAt) {
    if (webhookUrl(outcome.status, outcome.callbackUrl, rules) === undefined) return {};
    return { webhook: { status: 'pending', at: formatTime(outcome.endedAt), attempts: 0 } };
  }
  const { status, at, attempts, reason, nextAttemptAt } = state;
  return {
    webhook: {
      status,
      at: formatTime(at),
      attempts,
      ...(reason === undefined ? {} : { reason }),
      ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: formatTime(nextAttemptAt) }),
    },
  };
}

function endOf(outcome: Outcome): Pick<RequestResource, 'result' | 'problem'> {
  if (outcome.status !== 'succeeded') return { problem: { ...outcome.problem } };
  const { result } = outcome;
  const size = 'check' in result ? result.size : result.bytes.byteLength;
  return { result: { size, contentType: result.contentType } };
}
