import type { Hono } from 'hono';
import type * as z from 'zod';
import type { ListedRequest } from '../core/model/action.ts';
import type { ActionView } from '../core/operations/action-view.ts';
import type { Actions } from '../core/operations/actions.ts';
import {
  Action,
  ActionId,
  ActionPage,
  ActionQuery,
  ActionRequestPage,
  ApplyActionBody,
  NewActionBody,
} from './action-schemas.ts';
import type { ApiEnv } from './context.ts';
import { cursorTo, positionIn } from './cursor.ts';
import { INERT } from './inert.ts';
import { NO_STORE } from './no-store.ts';
import { BYTES, jsonBody, problems } from './openapi.ts';
import { payloadOf } from './payload-forms.ts';
import { checkedMetadata, contentTypeOf, timeOf } from './request-fields.ts';
import { addRoute, type Route } from './route.ts';
import { NoHeaders, NoQuery } from './schemas.ts';

const PATH = '/v1/actions';

const OF_ONE = { params: ActionId, query: NoQuery, headers: NoHeaders } as const;

const ANSWER = { content: { 'application/json': { schema: Action } } } as const;

const UNACCEPTABLE = {
  ...problems(422)[422],
  description: 'The filter is empty or matches too many requests, or the action is invalid.',
};

const plan = {
  method: 'post',
  path: PATH,
  operationId: 'planAction',
  'x-operator': true,
  summary: 'Plan an action on many requests',
  description:
    'Lists the requests that it would handle, and changes none of them. For operators. The plan can be applied for 15 minutes.',
  request: { query: NoQuery, headers: NoHeaders, body: jsonBody(NewActionBody) },
  responses: {
    201: { ...ANSWER, description: 'The plan.' },
    ...problems(400, 401, 403, 415, 500),
    422: UNACCEPTABLE,
  },
} as const satisfies Route;

const apply = {
  method: 'post',
  path: `${PATH}/{id}/apply`,
  operationId: 'applyAction',
  'x-operator': true,
  summary: 'Apply a plan',
  description:
    'Starts to handle the requests that the plan lists, if its filter still matches the same ones. For operators.',
  request: { ...OF_ONE, body: jsonBody(ApplyActionBody) },
  responses: {
    202: { ...ANSWER, description: 'The action, which runs.' },
    ...problems(400, 401, 403, 404, 409, 415, 422, 500),
  },
} as const satisfies Route;

const abort = {
  method: 'post',
  path: `${PATH}/{id}/abort`,
  operationId: 'abortAction',
  'x-operator': true,
  summary: 'Abort an action',
  description:
    'Requests that are being handled are handled; no others are. A plan is dropped. For operators.',
  request: OF_ONE,
  responses: {
    200: { ...ANSWER, description: 'The action, which is aborted.' },
    ...problems(400, 401, 403, 404, 409, 500),
  },
} as const satisfies Route;

const get = {
  method: 'get',
  path: `${PATH}/{id}`,
  operationId: 'getAction',
  'x-operator': true,
  summary: 'Get an action',
  description: 'For operators.',
  request: OF_ONE,
  responses: { 200: { ...ANSWER, description: 'The action.' }, ...problems(400, 401, 403, 404, 500) },
} as const satisfies Route;

const payload = {
  method: 'get',
  path: `${PATH}/{id}/payload`,
  operationId: 'getActionPayload',
  'x-operator': true,
  summary: 'Get the payload that an action retries a request with',
  description: 'For operators.',
  request: OF_ONE,
  responses: {
    200: { description: 'The payload, in its own content type.', content: BYTES },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const requests = {
  method: 'get',
  path: `${PATH}/{id}/requests`,
  operationId: 'listActionRequests',
  'x-operator': true,
  summary: 'List the requests of an action',
  description: 'All requests that its plan lists, with their results. For operators.',
  request: { params: ActionId, query: ActionQuery, headers: NoHeaders },
  responses: {
    200: {
      description: 'A page of requests.',
      content: { 'application/json': { schema: ActionRequestPage } },
    },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const list = {
  method: 'get',
  path: PATH,
  operationId: 'listActions',
  'x-operator': true,
  summary: 'List actions, newest first',
  description: 'The log of operations: who did what to how many requests, and why. For operators.',
  request: { query: ActionQuery, headers: NoHeaders },
  responses: {
    200: { description: 'A page of actions.', content: { 'application/json': { schema: ActionPage } } },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

/** The routes of this file, for the OpenAPI document. */
export const ACTION_ROUTES = [plan, list, get, payload, requests, apply, abort];

export function addActionRoutes(app: Hono<ApiEnv>, actions: Actions): void {
  addRoute(app, plan, async (c) => {
    const caller = c.get('caller');
    const { filter, payload, ...given } = c.req.valid('json');
    const planned = await actions.plan({
      ...given,
      filter: {
        ...filter,
        since: timeOf('filter.since', filter.since),
        until: timeOf('filter.until', filter.until),
        createdSince: timeOf('filter.createdSince', filter.createdSince),
        createdUntil: timeOf('filter.createdUntil', filter.createdUntil),
      },
      ...(payload && { payload: editedPayload(payload) }),
      ...(caller.name !== undefined && { createdBy: caller.name }),
    });
    return c.json(resourceOf(planned), 201, { ...NO_STORE, Location: `actions/${planned.id}` });
  });

  addRoute(app, list, async (c) => {
    const { cursor, limit } = c.req.valid('query');
    const page = await actions.list(placeIn(cursor), limit);
    return c.json({ actions: page.actions.map(resourceOf), next: cursorTo(page.next) }, 200, NO_STORE);
  });

  addRoute(app, get, async (c) => {
    return c.json(resourceOf(await actions.get(c.req.valid('param').id)), 200, NO_STORE);
  });

  addRoute(app, payload, async (c) => {
    const { base64, contentType } = await actions.payload(c.req.valid('param').id);
    return c.body(new Uint8Array(Buffer.from(base64, 'base64')), 200, {
      ...INERT,
      'Content-Type': contentType,
    });
  });

  addRoute(app, requests, async (c) => {
    const { cursor, limit } = c.req.valid('query');
    const page = await actions.requests(c.req.valid('param').id, placeIn(cursor), limit);
    const listed = page.requests.map(({ result, detail, retriedAs, ...request }) => ({
      ...listedOf(request),
      result,
      detail,
      retriedAs,
    }));
    return c.json({ requests: listed, next: cursorTo(page.next) }, 200, NO_STORE);
  });

  addRoute(app, apply, async (c) => {
    const applied = await actions.apply(c.req.valid('param').id, c.req.valid('json'), c.get('caller').name);
    return c.json(resourceOf(applied), 202, NO_STORE);
  });

  addRoute(app, abort, async (c) => {
    const aborted = await actions.abort(c.req.valid('param').id, c.get('caller').name);
    return c.json(resourceOf(aborted), 200, NO_STORE);
  });
}

function editedPayload({ metadata, ...forms }: NonNullable<z.infer<typeof NewActionBody>['payload']>) {
  const { bytes, contentType } = payloadOf(forms, { refusal: INVALID_PAYLOAD });
  return {
    base64: bytes.toString('base64'),
    contentType: contentTypeOf('payload.contentType', contentType),
    ...(metadata && { metadata: checkedMetadata(metadata) }),
  };
}

const INVALID_PAYLOAD = { status: 422, code: 'action_invalid', what: 'payload' } as const;

function resourceOf(action: ActionView): z.infer<typeof Action> {
  const { filter, canary, sample, createdAt, expiresAt, appliedAt, endedAt, ...view } = action;
  const { ids, since, until, createdSince, createdUntil, ...same } = filter;
  return {
    ...view,
    filter: {
      ...same,
      ...(ids && { ids: [...ids] }),
      since: textOf(since),
      until: textOf(until),
      createdSince: textOf(createdSince),
      createdUntil: textOf(createdUntil),
    },
    ...(canary && { canary }),
    sample: sample.map(listedOf),
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    ...(appliedAt && { appliedAt: appliedAt.toISOString() }),
    ...(endedAt && { endedAt: endedAt.toISOString() }),
  };
}

function textOf(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

function listedOf({ id, source, tenant, status }: ListedRequest) {
  return {
    id,
    ...(source !== '' && { source }),
    ...(tenant !== undefined && { tenant }),
    status,
  };
}

/** The place in a list of actions, or of the requests of one, which are numbered. */
function placeIn(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : positionIn(cursor, (text) => /^\d{1,15}$/.test(text));
}
