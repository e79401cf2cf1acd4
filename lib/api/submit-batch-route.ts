import type { Context, Hono } from 'hono';
import type * as z from 'zod';
import { serializeError } from '../core/base/serialize-error.ts';
import type { SubmitRequest } from '../core/intake/submissions.ts';
import { orderingGroup } from '../core/model/ordering-group.ts';
import { acceptSubmission } from './accept-submission.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import type { Destination } from './destination.ts';
import { INTERNAL_PROBLEM, problemOfError } from './error-problem.ts';
import { itemRequestOf } from './item-request.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems } from './openapi.ts';
import { parseInput } from './parse-input.ts';
import { type HttpProblem, ProblemError, problemBody } from './problem.ts';
import { callbackUrlOf, idempotencyKeyOf, requestIdOf, traceOf } from './request-fields.ts';
import { listedResourceOf } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { BatchItem, BatchResults, BatchSubmission, NoHeaders, NoQuery } from './schemas.ts';

const route = {
  method: 'post',
  path: '/v1/requests:batch',
  operationId: 'submitBatch',
  summary: 'Submit several payloads',
  description:
    'Up to 100 requests in one call of up to about 4 MB. Each has its own result, in the same order. A request that is refused ' +
    'doesn’t affect the others. With ids or idempotency keys, the call can be repeated safely. They have nothing else in common: for many ' +
    'requests under one ticket, where the service has batches, see `/v1/batches`.',
  request: { query: NoQuery, headers: NoHeaders, body: jsonBody(BatchSubmission) },
  responses: {
    200: {
      description: 'A result for each request.',
      content: { 'application/json': { schema: BatchResults } },
    },
    ...problems(400, 401, 403, 415),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const SUBMIT_BATCH_ROUTES = [route];

/** Statuses below 500 with which a request may be accepted when it is repeated. */
const RETRIED: readonly number[] = [409, 429];

const EARLIER_FAILED: HttpProblem = {
  status: 409,
  code: 'earlier_request_failed',
  detail:
    'An earlier request of the call with the same ordering key was not accepted: repeat it with those after it, in the same order',
};

type Result = z.infer<typeof BatchResults>['results'][number];

export function addSubmitBatchRoute(app: Hono<ApiEnv>, parts: ApiParts): void {
  addRoute(app, route, async (c) => {
    const { requests } = c.req.valid('json');
    const results: Promise<Result>[] = [];
    const heldBack = new Set<string>();
    for (const item of requests) {
      const result = resultOf(item, c, parts, heldBack);
      results.push(result);
      // Requests with one key come in the order of the call.
      if (parts.destinations.some(({ keepsOrder }) => keepsOrder)) await result;
    }
    return c.json({ results: await Promise.all(results) }, 200, NO_STORE);
  });
}

/**
 * Submits one of the requests. Never rejects.
 * @param heldBack groups of which an earlier request failed that may be accepted when it is repeated
 */
async function resultOf(
  item: unknown,
  c: Context<ApiEnv>,
  parts: ApiParts,
  heldBack: Set<string>,
): Promise<Result> {
  let group: string | undefined;
  try {
    const { input, destination } = requestOf(item, c, parts);
    group = destination.keepsOrder ? groupOf(input, parts.destinations.indexOf(destination)) : undefined;
    if (group !== undefined && heldBack.has(group)) throw new ProblemError(EARLIER_FAILED);
    const { record } = await acceptSubmission(input, destination);
    return { status: 202, request: listedResourceOf(record, parts.webhookRules, parts.clock.now()) };
  } catch (error) {
    const problem = problemOfError(error);
    if (!problem) parts.logger.error('A request of a batch failed', { error: serializeError(error) });
    const { status } = problem ?? INTERNAL_PROBLEM;
    if (group !== undefined && (RETRIED.includes(status) || status >= 500)) heldBack.add(group);
    return failed(problem ?? INTERNAL_PROBLEM);
  }
}

/** The requests of one queue that run one after another. */
function groupOf({ tenant, orderingKey }: SubmitRequest, queue: number): string {
  return `${queue} ${orderingGroup(tenant, orderingKey)}`;
}

/** Reads one of the requests. @throws ProblemError */
function requestOf(
  item: unknown,
  c: Context<ApiEnv>,
  parts: ApiParts,
): { readonly input: SubmitRequest; readonly destination: Destination } {
  const data = parseInput(BatchItem, item);
  const idempotencyKey = idempotencyKeyOf('idempotencyKey', data.idempotencyKey);
  const id = requestIdOf('id', data.id, idempotencyKey);
  const { request, destination } = itemRequestOf(data, parts, { mayHaveExpired: id !== undefined });
  const input = {
    ...request,
    id,
    idempotencyKey,
    tenant: c.get('caller').tenant,
    callbackUrl: callbackUrlOf(data.callbackUrl, parts.webhookRules),
    ...traceOf(c.req.header()),
  };
  return { input, destination };
}

function failed(problem: HttpProblem): Result {
  return { status: problem.status, problem: problemBody(problem) };
}
