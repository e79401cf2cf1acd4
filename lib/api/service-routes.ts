import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv, ApiParts } from './context.ts';
import { problems } from './openapi.ts';
import { NoHeaders, NoQuery, ServiceStatus } from './schemas.ts';

const status = createRoute({
  method: 'get',
  path: '/v1/status',
  operationId: 'getStatus',
  summary: 'Get the load of the service',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The load.', content: { 'application/json': { schema: ServiceStatus } } },
    ...problems(400, 401, 403, 500),
  },
});

export function addServiceRoutes(app: OpenAPIHono<ApiEnv>, { admission }: ApiParts): void {
  app.openapi(status, async (c) => {
    const { load, accepting } = await admission.state();
    return c.json({ load, accepting }, 200, { 'Cache-Control': 'no-store' });
  });
}
