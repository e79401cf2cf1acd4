import type { Hono } from 'hono';
import type { ApiEnv, ApiParts } from './context.ts';
import { destinationFor } from './destination.ts';
import { NO_STORE } from './no-store.ts';
import { problems } from './openapi.ts';
import { pauseResource } from './pause-routes.ts';
import { topicOf } from './request-fields.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders } from './schemas.ts';
import { ServiceStatus, TopicQuery } from './service-schemas.ts';

const status = {
  method: 'get',
  path: '/v1/status',
  operationId: 'getStatus',
  summary: 'Get the load of the service',
  request: { query: TopicQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The load.', content: { 'application/json': { schema: ServiceStatus } } },
    ...problems(400, 401, 403, 422, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const SERVICE_ROUTES = [status];

export function addServiceRoutes(app: Hono<ApiEnv>, { destinations, clock }: ApiParts): void {
  addRoute(app, status, async (c) => {
    const topic = topicOf('topic', c.req.valid('query').topic);
    // Without a topic, the load is that of the first processor, even if it is for none without.
    const { admission } =
      topic === undefined ? destinations[0] : destinationFor('topic', topic, destinations);
    const { load, work, accepting, pause, oldestSentAt } = await admission.state();
    const isPaused = pause !== undefined && pause.until > clock.now();
    const status = {
      accepting,
      load,
      ...(work && { work }),
      ...(isPaused && { pause: pauseResource(pause, c.get('caller').isOperator) }),
      ...(oldestSentAt !== undefined && { oldestWaitingSince: new Date(oldestSentAt).toISOString() }),
    };
    return c.json(status, 200, NO_STORE);
  });
}
