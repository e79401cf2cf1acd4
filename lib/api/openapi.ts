import type * as z from 'zod';
import { BINARY_TYPE, JSON_TYPE } from '../core/base/media-type.ts';
import { Problem, Request } from './schemas.ts';

/** A response whose content is a request. */
export const REQUEST_ANSWER = { content: { 'application/json': { schema: Request } } } as const;

/**
 * Bytes first: generated clients take the first content they support. The last has no type: it may be JSON. What most handlers return
 * is listed too, because clients of ogen reject all types that only the last one allows.
 */
export const BYTES = {
  [BINARY_TYPE]: { schema: { type: 'string', format: 'binary' } },
  [JSON_TYPE]: { schema: {} },
  'text/plain': { schema: { type: 'string' } },
  '*/*': { schema: {} },
} as const;

/** A required JSON body. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } } as const;
}

const PROBLEM_STATUSES = {
  400: 'The call is malformed.',
  401: 'Not authenticated.',
  403: 'Not authorized.',
  404: 'Not found, or not visible to this caller.',
  409: 'The current state does not allow this.',
  410: 'Gone: expired, or no longer kept.',
  413: 'The payload is too large.',
  415: 'The content type or content encoding is not supported.',
  422: 'The request is well-formed but not acceptable: the idempotency key belongs to another request, or the callback URL is not allowed.',
  429: 'Most waiting requests are this caller’s, or a limit’s `maxWaiting` is reached.',
  500: 'The service failed.',
  503: 'More requests are waiting than the service can process in time.',
} as const;

type ProblemStatus = keyof typeof PROBLEM_STATUSES;

/** Problem responses by status. */
export function problems<Status extends ProblemStatus>(...statuses: readonly Status[]) {
  const content = { 'application/problem+json': { schema: Problem } };
  const responses = statuses.map((status) => [status, { description: PROBLEM_STATUSES[status], content }]);
  return Object.fromEntries(responses) as Record<Status, { description: string; content: typeof content }>;
}
