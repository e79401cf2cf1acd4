import type { z } from '@hono/zod-openapi';
import { linksOf } from '../core/request-links.ts';
import type { RequestRecord } from '../core/request-record.ts';
import type { Request } from './schemas.ts';

/** A request as clients see it. */
export type RequestResource = z.infer<typeof Request>;

/** What a record says of its request to clients. */
export function resourceOf(record: RequestRecord): RequestResource {
  const { request, status, attempts, progress, lastError, outcome } = record;
  // What only the payload's object says is known at its end.
  const traceparent = request.traceparent ?? outcome?.traceparent;
  return {
    id: request.id,
    ...(request.issuer === '' ? {} : { source: request.issuer }),
    status,
    createdAt: timeOf(record.createdAt),
    updatedAt: timeOf(record.updatedAt),
    ...(outcome && { endedAt: timeOf(outcome.endedAt) }),
    ...(request.expiresAt === undefined ? {} : { expiresAt: timeOf(request.expiresAt) }),
    ...(traceparent !== undefined && { traceparent }),
    attempts: record.givenUp ? attempts - 1 : attempts,
    ...(progress && { progress }),
    ...(lastError && { lastError }),
    ...(outcome && endOf(outcome)),
    links: linksOf(request.id, request.issuer),
  };
}

/** A request on a list: without what a handler added to its problem, since a page of those could be too large. */
export function listedResourceOf(record: RequestRecord): RequestResource {
  const { problem, ...resource } = resourceOf(record);
  if (!problem) return resource;
  const { details: _, ...listed } = problem;
  return { ...resource, problem: listed };
}

/** Where the resource of a request is that was made by this API: as seen from `/v1/…`, whatever that is below. */
export function locationOf({ request }: RequestRecord): string {
  return `requests/${encodeURIComponent(request.id)}`;
}

/** Milliseconds since 1970 as RFC 3339. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function endOf(outcome: NonNullable<RequestRecord['outcome']>): Pick<RequestResource, 'result' | 'problem'> {
  if (outcome.status !== 'succeeded') return { problem: { ...outcome.problem } };
  const { result } = outcome;
  const size = 'check' in result ? result.size : result.bytes.byteLength;
  return { result: { size, contentType: result.contentType } };
}
