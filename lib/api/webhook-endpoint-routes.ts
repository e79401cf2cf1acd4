import type { Hono } from 'hono';
import { quote } from '../core/base/quote.ts';
import { parseTime } from '../core/base/time.ts';
import type { WebhookEndpoints } from '../core/webhooks/endpoints.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { cursorTo, positionIn } from './cursor.ts';
import { nameTarget } from './log-operations.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery } from './schemas.ts';
import {
  EndpointId,
  NewWebhookEndpointBody,
  ReplayBody,
  Replayed,
  RotationBody,
  SentTest,
  WebhookEndpoint,
  WebhookEndpointChangesBody,
  WebhookEndpointList,
  WebhookEndpointSecret,
  WebhookEndpointWithSecret,
} from './webhook-endpoint-schemas.ts';

const PATH = '/v1/webhook-endpoints';

/** What the calls of an endpoint have in common. */
const OF_ONE = { params: EndpointId, query: NoQuery, headers: NoHeaders } as const;

const NOT_ACCEPTABLE = {
  ...problems(422)[422],
  description: 'The URL or another member of the endpoint isn’t allowed.',
};

const create = {
  method: 'post',
  path: PATH,
  operationId: 'createWebhookEndpoint',
  'x-logged': true,
  summary: 'Add a webhook endpoint',
  description: 'It may miss the outcomes of its first 20 seconds.',
  request: { query: NoQuery, headers: NoHeaders, body: jsonBody(NewWebhookEndpointBody) },
  responses: {
    201: {
      description: 'The endpoint, with its secret.',
      content: { 'application/json': { schema: WebhookEndpointWithSecret } },
    },
    ...problems(400, 401, 403, 404, 415, 500),
    409: { ...problems(409)[409], description: 'The tenant already has the maximum number of endpoints.' },
    422: NOT_ACCEPTABLE,
  },
} as const satisfies Route;

const list = {
  method: 'get',
  path: PATH,
  operationId: 'listWebhookEndpoints',
  summary: 'List all webhook endpoints',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: {
      description: 'The endpoints, the oldest first.',
      content: { 'application/json': { schema: WebhookEndpointList } },
    },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const get = {
  method: 'get',
  path: `${PATH}/{id}`,
  operationId: 'getWebhookEndpoint',
  summary: 'Get a webhook endpoint',
  request: OF_ONE,
  responses: {
    200: { description: 'The endpoint.', content: { 'application/json': { schema: WebhookEndpoint } } },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const update = {
  method: 'patch',
  path: `${PATH}/{id}`,
  operationId: 'updateWebhookEndpoint',
  'x-logged': true,
  summary: 'Change a webhook endpoint',
  request: { ...OF_ONE, body: jsonBody(WebhookEndpointChangesBody) },
  responses: {
    200: { description: 'The endpoint.', content: { 'application/json': { schema: WebhookEndpoint } } },
    ...problems(400, 401, 403, 404, 415, 500),
    422: NOT_ACCEPTABLE,
  },
} as const satisfies Route;

const remove = {
  method: 'delete',
  path: `${PATH}/{id}`,
  operationId: 'deleteWebhookEndpoint',
  'x-logged': true,
  summary: 'Remove a webhook endpoint',
  description: 'Webhooks that are waiting for it aren’t sent any more.',
  request: OF_ONE,
  responses: {
    204: { description: 'The endpoint is removed.' },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const secret = {
  method: 'get',
  path: `${PATH}/{id}/secret`,
  operationId: 'getWebhookEndpointSecret',
  summary: 'Get the secret of a webhook endpoint',
  request: OF_ONE,
  responses: {
    200: { description: 'The secret.', content: { 'application/json': { schema: WebhookEndpointSecret } } },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const rotate = {
  method: 'post',
  path: `${PATH}/{id}/rotate`,
  operationId: 'rotateWebhookEndpointSecret',
  'x-logged': true,
  summary: 'Give a webhook endpoint a new secret',
  request: { ...OF_ONE, body: { ...jsonBody(RotationBody), required: false } },
  responses: {
    200: {
      description: 'The endpoint, with its new secret.',
      content: { 'application/json': { schema: WebhookEndpointWithSecret } },
    },
    ...problems(400, 401, 403, 404, 415, 500),
    409: { ...problems(409)[409], description: 'The old secret of an earlier rotation is still valid.' },
    422: { ...problems(422)[422], description: 'The grace time isn’t allowed.' },
  },
} as const satisfies Route;

const test = {
  method: 'post',
  path: `${PATH}/{id}/test`,
  operationId: 'testWebhookEndpoint',
  'x-logged': true,
  summary: 'Send a test to a webhook endpoint',
  description: 'Also sends it to a disabled endpoint. It is tried at most twice, within a minute.',
  request: OF_ONE,
  responses: {
    202: { description: 'The test is queued.', content: { 'application/json': { schema: SentTest } } },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const replay = {
  method: 'post',
  path: `${PATH}/{id}/replay`,
  operationId: 'replayWebhooks',
  'x-logged': true,
  summary: 'Send the outcomes of a time window again',
  description:
    'Sends the outcomes that match the endpoint, with the `webhook-id` that each has there. A call looks at up to 100 ' +
    'requests, the newest first; call again with `next` as `cursor` for the others.',
  request: { ...OF_ONE, body: jsonBody(ReplayBody) },
  responses: {
    200: { description: 'What was sent.', content: { 'application/json': { schema: Replayed } } },
    ...problems(400, 401, 403, 404, 415, 500),
    409: { ...problems(409)[409], description: 'The endpoint is disabled.' },
    422: { ...problems(422)[422], description: 'The window ends before it begins.' },
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const WEBHOOK_ENDPOINT_ROUTES = [create, list, get, update, remove, secret, rotate, test, replay];

export function addWebhookEndpointRoutes(app: Hono<ApiEnv>, parts: ApiParts): void {
  addRoute(app, create, async (c) => {
    const created = await endpoints().create(c.req.valid('json'), c.get('caller'));
    nameTarget(c, { id: created.id });
    return c.json(created, 201, { ...NO_STORE, Location: `webhook-endpoints/${created.id}` });
  });

  addRoute(app, list, async (c) => {
    return c.json({ endpoints: await endpoints().list(c.get('caller')) }, 200, NO_STORE);
  });

  addRoute(app, get, async (c) => {
    return c.json(await endpoints().get(c.req.valid('param').id, c.get('caller')), 200, NO_STORE);
  });

  addRoute(app, update, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(await endpoints().update(id, c.req.valid('json'), c.get('caller')), 200, NO_STORE);
  });

  addRoute(app, remove, async (c) => {
    await endpoints().remove(c.req.valid('param').id, c.get('caller'));
    return c.body(null, 204, NO_STORE);
  });

  addRoute(app, secret, async (c) => {
    const found = await endpoints().secret(c.req.valid('param').id, c.get('caller'));
    return c.json({ secret: found }, 200, NO_STORE);
  });

  addRoute(app, rotate, async (c) => {
    const options = { ...c.req.valid('json'), ...c.get('caller') };
    return c.json(await endpoints().rotate(c.req.valid('param').id, options), 200, NO_STORE);
  });

  addRoute(app, test, async (c) => {
    const webhookId = await endpoints().test(c.req.valid('param').id, c.get('caller'));
    return c.json({ webhookId }, 202, NO_STORE);
  });

  addRoute(app, replay, async (c) => {
    const { from, to, endedBefore, cursor, dryRun } = c.req.valid('json');
    const window = {
      from: timeIn('from', from),
      to: to === undefined ? undefined : timeIn('to', to),
      endedBefore: endedBefore === undefined ? undefined : timeIn('endedBefore', endedBefore),
      dryRun,
      cursor: cursor === undefined ? undefined : positionIn(cursor),
    };
    const replayed = await endpoints().replay(c.req.valid('param').id, window, c.get('caller'));
    return c.json({ ...replayed, next: cursorTo(replayed.next) }, 200, NO_STORE);
  });

  /** @throws ProblemError 404 */
  function endpoints(): WebhookEndpoints {
    if (parts.webhookEndpoints) return parts.webhookEndpoints;
    throw new ProblemError({
      status: 404,
      code: 'webhook_endpoints_off',
      detail:
        'This service has no webhook endpoints: set webhooks.endpoints to true, or COATCHECK_WEBHOOK_ENDPOINTS of ' +
        'coatcheck serve to on',
    });
  }
}

/** @throws ProblemError 400 */
function timeIn(name: string, text: string): Date {
  const time = parseTime(text);
  if (time !== undefined) return new Date(time);
  throw new ProblemError({
    status: 400,
    code: 'request_malformed',
    detail: `${name} must be a time like 2026-01-31T12:00:00Z, got ${quote(text)}`,
  });
}
