import type { Hono } from 'hono';
import type * as z from 'zod';
import { assertAllowance } from '../core/limits/assert-allowance.ts';
import type { LimitView as View } from '../core/limits/live-limits.ts';
import type { ApiEnv, ApiParts, Caller } from './context.ts';
import { LimitChangeBody, LimitKey, LimitList, LimitValue, LimitView } from './limit-schemas.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems } from './openapi.ts';
import { ProblemError } from './problem.ts';
import { timeOf } from './request-fields.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery } from './schemas.ts';

const PATH = '/v1/limits';

/** The key by which a caller with a tenant has a limit of its own. */
const TENANT = 'tenant';

const OF_ONE = { params: LimitKey, query: LimitValue, headers: NoHeaders } as const;

const VIEW = { 'application/json': { schema: LimitView } } as const;

const NOT_ACCEPTABLE = {
  ...problems(422)[422],
  description: 'The value of the key is missing or not allowed, or the change can’t be made.',
};

const list = {
  method: 'get',
  path: PATH,
  operationId: 'listLimits',
  summary: 'List the limits of the service',
  description: 'The limits as they are configured. A caller with a tenant gets only those by tenant.',
  request: { query: NoQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The limits.', content: { 'application/json': { schema: LimitList } } },
    ...problems(400, 401, 403),
  },
} as const satisfies Route;

const get = {
  method: 'get',
  path: `${PATH}/{key}`,
  operationId: 'getLimit',
  summary: 'Get what a value of a key allows now',
  description: 'A caller with a tenant gets only the limit of its tenant.',
  request: OF_ONE,
  responses: {
    200: { description: 'What it allows, and its current state.', content: VIEW },
    ...problems(400, 401, 403, 404, 500),
    422: NOT_ACCEPTABLE,
  },
} as const satisfies Route;

const change = {
  method: 'put',
  path: `${PATH}/{key}`,
  operationId: 'changeLimit',
  'x-logged': true,
  summary: 'Change what a value of a key allows',
  description:
    'The change takes effect within 5 seconds, and lasts until it is reset. Running requests continue. Callers with a tenant may not.',
  request: { ...OF_ONE, body: jsonBody(LimitChangeBody) },
  responses: {
    200: { description: 'What it allows then.', content: VIEW },
    ...problems(400, 401, 403, 404, 409, 415, 500),
    422: NOT_ACCEPTABLE,
  },
} as const satisfies Route;

const reset = {
  method: 'delete',
  path: `${PATH}/{key}`,
  operationId: 'resetLimit',
  'x-logged': true,
  summary: 'Reset what a value of a key allows',
  description: 'Undoes all changes, and ends a pause. Callers with a tenant may not.',
  request: OF_ONE,
  responses: {
    200: { description: 'What it allows then.', content: VIEW },
    ...problems(400, 401, 403, 404, 409, 500),
    422: NOT_ACCEPTABLE,
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const LIMIT_ROUTES = [list, get, change, reset];

export function addLimitRoutes(app: Hono<ApiEnv>, { limits }: Pick<ApiParts, 'limits'>): void {
  addRoute(app, list, async (c) => {
    const { tenant } = c.get('caller');
    const visible = limits.list().filter(({ key }) => tenant === undefined || key === TENANT);
    return c.json({ limits: visible }, 200, NO_STORE);
  });

  addRoute(app, get, async (c) => {
    const { key } = c.req.valid('param');
    const { value } = c.req.valid('query');
    assertVisible(c.get('caller'), key, value);
    return c.json(resourceOf(await limits.get(key, value)), 200, NO_STORE);
  });

  addRoute(
    app,
    change,
    async (c) => {
      const { pausedUntil, ...allowance } = c.req.valid('json');
      assertAllowance(allowance);
      const time = timeOf('pausedUntil', pausedUntil);
      const changed = await limits.change(c.req.valid('param').key, c.req.valid('query').value, {
        ...allowance,
        ...(time !== undefined && { pausedUntil: new Date(time) }),
      });
      return c.json(resourceOf(changed), 200, NO_STORE);
    },
    assertMayChange,
  );

  addRoute(
    app,
    reset,
    async (c) => {
      const { key } = c.req.valid('param');
      return c.json(resourceOf(await limits.reset(key, c.req.valid('query').value)), 200, NO_STORE);
    },
    assertMayChange,
  );
}

/** @throws ProblemError 404 for what isn't the limit of the caller's tenant, whether or not it exists */
function assertVisible({ tenant }: Caller, key: string, value: string | undefined): void {
  if (tenant === undefined || (key === TENANT && value === tenant)) return;
  throw new ProblemError({
    status: 404,
    code: 'limit_unknown',
    detail: `A caller with a tenant gets only the limit of its tenant: ${PATH}/${TENANT}?value=${encodeURIComponent(tenant)}`,
  });
}

/** @throws ProblemError 403 */
function assertMayChange({ tenant }: Caller): void {
  if (tenant === undefined) return;
  throw new ProblemError({
    status: 403,
    code: 'limit_forbidden',
    detail: 'A caller with a tenant may not change limits: call with credentials that have no tenant',
  });
}

function resourceOf({ pausedUntil, ...view }: View): z.infer<typeof LimitView> {
  return { ...view, ...(pausedUntil && { pausedUntil: pausedUntil.toISOString() }) };
}
