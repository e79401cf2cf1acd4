/** The same, with schemas that validate and describe calls. */
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';

export * from './clients-presigning-and-hono.ts';

const route = createRoute({
  method: 'post',
  path: '/v1/requests',
  request: { headers: z.object({ 'idempotency-key': z.string().optional() }) },
  responses: { 202: { description: 'It is in the queue.' } },
});

export const described = new OpenAPIHono().openapi(route, (c) => c.body(null, 202));
