import type { Hono } from 'hono';
import type * as z from 'zod';
import { type FailureGroup, isGroupPosition } from '../core/operations/failure-groups.ts';
import type { TenantScope } from '../core/ports/failure-index.ts';
import type { ApiEnv, ApiParts, Caller } from './context.ts';
import { cursorTo, positionIn } from './cursor.ts';
import {
  FailedRequestsQuery,
  FailureGroupPage,
  FailureGroupResource,
  FailureNoteBody,
  FailureQuery,
  GroupId,
  GroupQuery,
} from './failure-schemas.ts';
import { NO_STORE } from './no-store.ts';
import { jsonBody, problems } from './openapi.ts';
import { assertOperator } from './operator.ts';
import { timeOf } from './request-fields.ts';
import { formatTime, resourceForOperator } from './request-resource.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery, RequestPage } from './schemas.ts';

const PATH = '/v1/failures';

const GROUP = { 'application/json': { schema: FailureGroupResource } } as const;

const list = {
  method: 'get',
  path: PATH,
  operationId: 'listFailures',
  summary: 'List groups of failed requests',
  description:
    'Requests that failed with one code, one message except for its values, and in one function are a group. The one that was ' +
    'seen last is the first. A caller with a tenant gets the groups of its tenant.',
  request: { query: FailureQuery, headers: NoHeaders },
  responses: {
    200: { description: 'A page of groups.', content: { 'application/json': { schema: FailureGroupPage } } },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

const get = {
  method: 'get',
  path: `${PATH}/{id}`,
  operationId: 'getFailure',
  summary: 'Get a group of failed requests',
  request: { params: GroupId, query: GroupQuery, headers: NoHeaders },
  responses: {
    200: { description: 'The group.', content: GROUP },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const requests = {
  method: 'get',
  path: `${PATH}/{id}/requests`,
  operationId: 'listFailedRequests',
  summary: 'List the requests of a group, most recent failure first',
  request: { params: GroupId, query: FailedRequestsQuery, headers: NoHeaders },
  responses: {
    200: { description: 'A page of requests.', content: { 'application/json': { schema: RequestPage } } },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const note = {
  method: 'put',
  path: `${PATH}/{id}/note`,
  operationId: 'noteFailure',
  'x-operator': true,
  'x-logged': true,
  summary: 'Note something about a group',
  description: 'Replaces an earlier note. Only operators may.',
  request: { params: GroupId, query: NoQuery, headers: NoHeaders, body: jsonBody(FailureNoteBody) },
  responses: {
    200: { description: 'The group.', content: GROUP },
    ...problems(400, 401, 403, 404, 415, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const FAILURE_ROUTES = [list, get, requests, note];

export function addFailureRoutes(
  app: Hono<ApiEnv>,
  { failures, clock, webhookRules }: Pick<ApiParts, 'failures' | 'clock' | 'webhookRules'>,
): void {
  addRoute(app, list, async (c) => {
    const { tenant, since, until, cursor, limit } = c.req.valid('query');
    const caller = c.get('caller');
    const { groups, next } = await failures.list({
      scope: scopeOf(caller, tenant),
      since: timeOf('since', since),
      until: timeOf('until', until),
      after: cursor === undefined ? undefined : positionIn(cursor, isGroupPosition),
      limit,
    });
    const page = { groups: groups.map((group) => resourceOf(group, caller)), next: cursorTo(next) };
    return c.json(page, 200, NO_STORE);
  });

  addRoute(app, get, async (c) => {
    const caller = c.get('caller');
    const scope = scopeOf(caller, c.req.valid('query').tenant);
    return c.json(resourceOf(await failures.get(c.req.valid('param').id, scope), caller), 200, NO_STORE);
  });

  addRoute(app, requests, async (c) => {
    const { tenant, cursor, limit } = c.req.valid('query');
    const caller = c.get('caller');
    const after = cursor === undefined ? undefined : positionIn(cursor);
    const scope = scopeOf(caller, tenant);
    const { records, next } = await failures.requests(c.req.valid('param').id, scope, { after, limit });
    const now = clock.now();
    const listed = records.map((record) => resourceForOperator(record, webhookRules, now));
    return c.json({ requests: listed, next: cursorTo(next) }, 200, NO_STORE);
  });

  addRoute(app, note, async (c) => {
    const caller = c.get('caller');
    const noted = await failures.setNote(c.req.valid('param').id, c.req.valid('json').text, caller.name);
    return c.json(resourceOf(noted, caller), 200, NO_STORE);
  });
}

/** @param tenant the one that the caller asks for. @throws ProblemError 403 for that of others, unless the caller is an operator */
function scopeOf(caller: Caller, tenant: string | undefined): TenantScope {
  if (tenant === undefined) return caller.isOperator ? 'all' : { tenant: caller.tenant };
  if (tenant !== caller.tenant) assertOperator(caller);
  return { tenant };
}

function resourceOf(
  { firstSeenAt, lastSeenAt, tenants, note, ...group }: FailureGroup,
  { isOperator }: Caller,
): z.infer<typeof FailureGroupResource> {
  return {
    ...group,
    firstSeenAt: formatTime(firstSeenAt),
    lastSeenAt: formatTime(lastSeenAt),
    tenants: [...tenants],
    ...(note && isOperator && { note: { ...note, at: formatTime(note.at) } }),
  };
}
