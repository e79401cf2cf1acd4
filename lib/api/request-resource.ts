import type { z } from '@hono/zod-openapi';
import { idSegment } from '../core/model/id-segment.ts';
import type { Outcome } from '../core/model/outcome.ts';
import { linksOf } from '../core/model/request-links.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { WebhookState } from '../core/model/webhook-state.ts';
import { type WebhookRules, webhookUrl } from '../core/webhooks/recipient.ts';
import type { Request } from './schemas.ts';

/** A request as clients see it. */
export type RequestResource = z.infer<typeof Request>;

/** What a record says of its request to clients. @param rules who is told by webhook */
export function resourceOf(record: RequestRecord, rules: WebhookRules): RequestResource {
  const { request, status, attempts, progress, lastError, outcome } = record;
  // What only the payload's object says is known at its end.
  const traceparent = request.traceparent ?? outcome?.traceparent;
  return {
    id: request.id,
    ...(request.source === '' ? {} : { source: request.source }),
    status,
    createdAt: timeOf(record.createdAt),
    updatedAt: timeOf(record.updatedAt),
    ...(outcome && { endedAt: timeOf(outcome.endedAt) }),
    ...(request.expiresAt === undefined ? {} : { expiresAt: timeOf(request.expiresAt) }),
    ...(traceparent !== undefined && { traceparent }),
    attempts: record.givenUp && outcome?.status === 'failed' ? outcome.problem.attempts : attempts,
    ...(progress && { progress }),
    ...(lastError && { lastError }),
    ...(outcome && endOf(outcome)),
    ...(outcome && webhookOf(outcome, record.webhook, rules)),
    links: linksOf(request.id, request.source),
  };
}

/** A request on a list: without what a handler added to its problem, since a page of those could be too large. */
export function listedResourceOf(record: RequestRecord, rules: WebhookRules): RequestResource {
  const { problem, ...resource } = resourceOf(record, rules);
  if (!problem) return resource;
  const { details: _, ...listed } = problem;
  return { ...resource, problem: listed };
}

/** Where the resource of a request is that was made by this API: as seen from `/v1/…`, whatever that is below. */
export function locationOf({ request }: RequestRecord): string {
  return `requests/${idSegment(request.id)}`;
}

/** Milliseconds since 1970 as RFC 3339. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** How the webhook of this outcome stands; nothing where there is none. */
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
