import type { Hono } from 'hono';
import type { ApiEnv, ApiParts } from './context.ts';
import { problems } from './openapi.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery, ServiceStatus } from './schemas.ts';

const status = {
  method: 'get',
  path: '/v1/status',
  operationId: 'getStatus',
  summary: 'Get the load of the service',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The load.', content: { 'application/json': { schema: ServiceStatus } } },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const SERVICE_ROUTES = [status];

export function addServiceRoutes(app: Hono<ApiEnv>, { admission }: ApiParts): void {
  addRoute(app, status, async (c) => {
    const { load, accepting } = await admission.state();
    return c.json({ load, accepting }, 200, { 'Cache-Control': 'no-store' });
  });
}
