import type * as z from 'zod';
import { idSegment } from '../core/model/id-segment.ts';
import type { Outcome } from '../core/model/outcome.ts';
import { linksOf } from '../core/model/request-links.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { WebhookState } from '../core/model/webhook-state.ts';
import { type WebhookRules, webhookUrl } from '../core/webhooks/recipient.ts';
import type { Request } from './schemas.ts';

/** A request as the API represents it. */
export type RequestResource = z.infer<typeof Request>;

/** Represents a record for clients. @param rules which events are sent as webhooks */
export function resourceOf(record: RequestRecord, rules: WebhookRules): RequestResource {
  const { request, status, attempts, handlerVersion, progress, checkpoint, lastError, outcome } = record;
  // What only the payload's object says is known when the request ends.
  const traceparent = request.traceparent ?? outcome?.traceparent;
  const topic = request.topic ?? outcome?.topic;
  return {
    id: request.id,
    ...(request.source === '' ? {} : { source: request.source }),
    status,
    createdAt: timeOf(record.createdAt),
    updatedAt: timeOf(record.updatedAt),
    ...(outcome && { endedAt: timeOf(outcome.endedAt) }),
    ...(request.expiresAt === undefined ? {} : { expiresAt: timeOf(request.expiresAt) }),
    ...(request.minVersion !== undefined && { minVersion: request.minVersion }),
    ...(topic !== undefined && { topic }),
    ...(traceparent !== undefined && { traceparent }),
    attempts: record.attemptsExhausted && outcome?.status === 'failed' ? outcome.problem.attempts : attempts,
    ...(handlerVersion !== undefined && { handlerVersion }),
    ...(progress && { progress }),
    ...(checkpoint && { checkpoints: checkpoint.number }),
    ...(lastError && { lastError }),
    ...(outcome && endOf(outcome)),
    ...(outcome && webhookOf(outcome, record.webhook, rules)),
    links: linksOf(request.id, request.source),
  };
}

/** A request in a list. Leaves out the details of its problem, with which a page could be too large. */
export function listedResourceOf(record: RequestRecord, rules: WebhookRules): RequestResource {
  const { problem, ...resource } = resourceOf(record, rules);
  if (!problem) return resource;
  const { details: _, ...listed } = problem;
  return { ...resource, problem: listed };
}

/** The URL of a request that this API created, relative to `/v1/…`, so that it works below any base path. */
export function locationOf({ request }: RequestRecord): string {
  return `requests/${idSegment(request.id)}`;
}

/** Milliseconds since 1970 as RFC 3339. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** The state of the webhook for this outcome; nothing if it has none. */
function webhookOf(
  outcome: Outcome,
  state: WebhookState | undefined,
  rules: WebhookRules,
): Pick<RequestResource, 'webhook'> {
  if (state?.endedAt !== outcome.endedAt) {
    if (webhookUrl(outcome.status, outcome.callbackUrl, rules) === undefined) return {};
    return { webhook: { status: 'pending', at: timeOf(outcome.endedAt), attempts: 0 } };
  }
  const { status, at, attempts, reason, nextAttemptAt } = state;
  return {
    webhook: {
      status,
      at: timeOf(at),
      attempts,
      ...(reason === undefined ? {} : { reason }),
      ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: timeOf(nextAttemptAt) }),
    },
  };
}

function endOf(outcome: Outcome): Pick<RequestResource, 'result' | 'problem'> {
  if (outcome.status !== 'succeeded') return { problem: { ...outcome.problem } };
  const { result } = outcome;
  const size = 'check' in result ? result.size : result.bytes.byteLength;
  return { result: { size, contentType: result.contentType } };
}
