import type { Hono } from 'hono';
import * as z from 'zod';
import {
  OPERATOR_PAUSE_MAX_SECONDS,
  OPERATOR_PAUSE_REASON_LENGTH,
  type ServicePause,
} from '../core/operations/service-pause.ts';
import type { NotedPause } from '../core/ports/telemetry.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { ownMembers } from './known-names.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { timeOf } from './request-fields.ts';
import { formatTime } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { FAR_TIME, NoHeaders, NoQuery, SHORT } from './schemas.ts';
import { Pause } from './service-schemas.ts';

const PATH = '/v1/pause';

const NewPause = ownMembers({
  until: z
    .string()
    .max(SHORT)
    .meta({
      description: `When processing continues by itself: at most ${OPERATOR_PAUSE_MAX_SECONDS / 3_600} hours from now, and at most a quarter of \`queue.retention\`.`,
      format: 'date-time',
      example: FAR_TIME,
    }),
  reason: z.string().min(1).max(OPERATOR_PAUSE_REASON_LENGTH).meta({
    description: 'The reason. All callers who wait for a request can see it.',
    example: 'The database moves',
  }),
}).meta({ id: 'PauseInput' });

const UNAVAILABLE = {
  ...problems(404)[404],
  description: 'The service can’t be paused: `pause_unavailable`.',
};

const start = {
  method: 'put',
  path: PATH,
  operationId: 'pauseProcessing',
  'x-operator': true,
  summary: 'Pause all processing',
  description:
    'Requests are accepted and wait; running requests continue. A pause ends at its time by itself, and replaces an earlier one. For operators.',
  request: { query: NoQuery, headers: NoHeaders, body: jsonBody(NewPause) },
  responses: {
    200: { description: 'The pause.', content: { 'application/json': { schema: Pause } } },
    ...problems(400, 401, 403, 415, 500),
    404: UNAVAILABLE,
    422: { ...problems(422)[422], description: 'The time or the reason can’t be used: `pause_invalid`.' },
  },
} as const satisfies Route;

const end = {
  method: 'delete',
  path: PATH,
  operationId: 'resumeProcessing',
  'x-operator': true,
  summary: 'End a pause of all processing',
  description: 'Pauses by the circuit breaker and of limits continue. For operators.',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The pause that it ended.', content: { 'application/json': { schema: Pause } } },
    204: { description: 'No pause by an operator was in effect.' },
    ...problems(400, 401, 403, 500),
    404: UNAVAILABLE,
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const PAUSE_ROUTES = [start, end];

export function addPauseRoutes(app: Hono<ApiEnv>, { pause }: Pick<ApiParts, 'pause'>): void {
  addRoute(app, start, async (c) => {
    const caller = c.get('caller');
    const { until = '', reason } = c.req.valid('json');
    const time = timeOf('until', until) ?? Number.NaN;
    const started = await available(pause).start({ until: new Date(time), reason }, caller.name);
    return c.json(pauseResource(started, true), 200, NO_STORE);
  });

  addRoute(app, end, async (c) => {
    const caller = c.get('caller');
    const ended = await available(pause).end(caller.name);
    return ended ? c.json(pauseResource(ended, true), 200, NO_STORE) : c.body(null, 204, NO_STORE);
  });
}

/** A pause as callers see it. @param isOperator whether the caller may know who asked for it */
export function pauseResource(
  { until, reason, since, by }: NotedPause,
  isOperator: boolean,
): z.infer<typeof Pause> {
  return {
    until: formatTime(until),
    ...(reason !== '' && { reason }),
    ...(since !== undefined && { since: formatTime(since) }),
    ...(isOperator && by !== undefined && { by }),
  };
}

/** @throws ProblemError 404 */
function available(pause: ServicePause | undefined): ServicePause {
  if (pause) return pause;
  throw new ProblemError({
    status: 404,
    code: 'pause_unavailable',
    detail:
      'This service can not be paused: on AWS, that takes Lambda as the host, and circuitBreaker.pauseEventSource',
  });
}
