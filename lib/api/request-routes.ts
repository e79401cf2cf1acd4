import type { Context, Hono } from 'hono';
import type * as z from 'zod';
import { RequestNotFound } from '../core/intake/errors.ts';
import { idOfSegment } from '../core/model/id-segment.ts';
import type { RequestIdentity } from '../core/model/request-id.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import { closestOf } from '../core/model/topic.ts';
import { recipientsOf } from '../core/webhooks/recipient.ts';
import { resendWebhooks } from '../core/webhooks/resend.ts';
import type { ApiEnv, ApiParts } from './context.ts';
import { leaveWaiting } from './leave-waiting.ts';
import { listRequests } from './list-requests.ts';
import { metadataConditions } from './metadata-conditions.ts';
import { NO_STORE } from './no-store.ts';
import { BYTES, problems, REQUEST_ANSWER } from './openapi.ts';
import { answerPayload } from './payload-answer.ts';
import { preferredWaitSeconds } from './prefer-header.ts';
import { ProblemError } from './problem.ts';
import { answerRequest, heldUntilEnd, requestHeaders } from './request-answer.ts';
import { timeOf } from './request-fields.ts';
import { listedResourceOf, resourceForOperator, resourceOf } from './request-resource.ts';
import { answerResult } from './result-answer.ts';
import { addRoute, type OutputOf, type Route } from './route.ts';
import {
  ListQuery,
  NoHeaders,
  RequestPage,
  Source,
  StatusHeaders,
  TenantSegment,
  TenantTicket,
  Ticket,
} from './schemas.ts';

const status = {
  method: 'get',
  path: '/v1/requests/{id}',
  operationId: 'getRequest',
  summary: 'Get a request',
  request: { params: Ticket, query: Source, headers: StatusHeaders },
  responses: {
    200: { ...REQUEST_ANSWER, description: 'The request.' },
    304: { description: 'Nothing has changed.' },
    ...problems(400, 401, 403, 404, 500),
  },
} as const satisfies Route;

const result = {
  method: 'get',
  path: '/v1/requests/{id}/result',
  operationId: 'getResult',
  summary: 'Get the result',
  request: { params: Ticket, query: Source, headers: NoHeaders },
  responses: {
    200: { description: 'The result, in its own content type.', content: BYTES },
    202: { ...REQUEST_ANSWER, description: 'The request, which has not ended yet.' },
    303: {
      description: 'The result is at `Location` for 15 minutes. Fetch it without the `Authorization` header.',
    },
    ...problems(400, 401, 403, 404, 409, 410, 500),
  },
} as const satisfies Route;

const payload = {
  method: 'get',
  path: '/v1/requests/{id}/payload',
  operationId: 'getPayload',
  summary: 'Get the payload',
  description: 'As it was sent, if it is kept: in its message, until the request has ended, or in the store.',
  request: { params: Ticket, query: Source, headers: NoHeaders },
  responses: {
    200: { description: 'The payload, in its own content type and content encoding.', content: BYTES },
    303: {
      description:
        'The payload is at `Location` for 15 minutes. Fetch it without the `Authorization` header.',
    },
    ...problems(400, 401, 403, 404, 409, 410, 500),
  },
} as const satisfies Route;

const cancel = {
  method: 'post',
  path: '/v1/requests/{id}/cancel',
  operationId: 'cancelRequest',
  summary: 'Cancel a request',
  request: { params: Ticket, query: Source, headers: NoHeaders },
  responses: {
    200: { ...REQUEST_ANSWER, description: 'The request is cancelled.' },
    202: {
      ...REQUEST_ANSWER,
      description: 'The handler is running; it is asked to stop when it next reports progress.',
    },
    ...problems(400, 401, 403, 404, 409, 500),
  },
} as const satisfies Route;

const repeat = {
  method: 'post',
  path: '/v1/requests/{id}/webhook',
  operationId: 'repeatWebhook',
  summary: 'Send the webhooks of a request again',
  description:
    'Sends them whether or not they were delivered before, to the callback URL and to the webhook endpoints that match now: ' +
    'with the same `webhook-id`, a new timestamp and all attempts.',
  request: { params: Ticket, query: Source, headers: NoHeaders },
  responses: {
    202: { ...REQUEST_ANSWER, description: 'The webhooks are queued.' },
    ...problems(400, 401, 403, 404, 409, 500),
  },
} as const satisfies Route;

const list = {
  method: 'get',
  path: '/v1/requests',
  operationId: 'listRequests',
  summary: 'List requests, newest first',
  description:
    'A page may hold fewer requests than `limit`, even none, and still have a next page, since requests of another ' +
    'status, topic, code, version, webhook or metadata are filtered out after they are read: at most 300 a page. Times start and ' +
    'end the list. Parameters `metadata.NAME` select requests by metadata of the keys that the service declares.',
  request: { query: ListQuery, headers: NoHeaders },
  responses: {
    200: { description: 'A page of requests.', content: { 'application/json': { schema: RequestPage } } },
    ...problems(400, 401, 403, 500),
  },
} as const satisfies Route;

// Has a path of its own: a policy of AWS allows paths, and all callers may read the other list.
const listOfTenant = {
  ...list,
  path: '/v1/tenants/{tenant}/requests',
  operationId: 'listRequestsOfTenant',
  'x-operator': true,
  summary: 'List the requests of a tenant, newest first',
  description: `For operators. ${list.description}`,
  request: { ...list.request, params: TenantSegment },
} as const satisfies Route;

/** The calls about one request. */
const OF_REQUEST: readonly RequestCall[] = [status, result, payload, cancel, repeat];

/** A call about one request. */
interface RequestCall<Headers extends z.ZodObject = z.ZodObject> extends Route {
  readonly request: {
    readonly params: typeof Ticket;
    readonly query: typeof Source;
    readonly headers: Headers;
  };
}

/** The same call for operators, who name the tenant: the request's own callers need not. */
function ofTenant<Headers extends z.ZodObject>(call: RequestCall<Headers>) {
  const { method, path, operationId, summary, description, request } = call;
  return {
    ...call,
    'x-operator': true,
    ...(method === 'post' && ({ 'x-logged': true } as const)),
    path: path.replace('/v1/', '/v1/tenants/{tenant}/'),
    operationId: `${operationId}OfTenant`,
    summary: `${summary}, of a tenant`,
    description: ['For operators.', ...(description ? [description] : [])].join(' '),
    request: { ...request, params: TenantTicket },
  } as const;
}

/** The routes of this file, for the OpenAPI document. */
export const REQUEST_ROUTES: readonly Route[] = [
  ...OF_REQUEST,
  list,
  listOfTenant,
  ...OF_REQUEST.map((call) => ofTenant(call)),
];

/** What a call is about. */
interface Subject<Headers extends z.ZodObject> {
  readonly identity: RequestIdentity;
  readonly headers: OutputOf<Headers>;
  readonly forOperator: boolean;
}

export function addRequestRoutes(app: Hono<ApiEnv>, parts: ApiParts): void {
  const { destinations, records, index, clock, webhookRules, recordMetadata } = parts;

  addBoth(status, async (c, { identity, headers: { prefer, 'if-none-match': known }, forOperator }) => {
    const cameAt = clock.now();
    const found = await knownRecord(identity);
    const wait = preferredWaitSeconds(prefer);
    const record = await heldUntilEnd(found, wait, parts, cameAt);
    const now = clock.now();
    const headers = requestHeaders(record, resourceOf(record, webhookRules, now), now);
    if (isKnown(headers.ETag, known)) return c.body(null, 304, headers);
    return answerRequest(c, record, parts, { status: 200, wait, forOperator });
  });

  addBoth(result, async (c, { identity, forOperator }) =>
    answerResult(c, await knownRecord(identity), parts, { forOperator }),
  );

  addBoth(payload, async (c, { identity }) => answerPayload(c, await knownRecord(identity), parts));

  addBoth(cancel, async (c, { identity, forOperator }) => {
    const applied = await records.change(identity, { type: 'cancel' });
    await leaveWaiting(applied, destinations);
    const { record } = applied.stored;
    const { submissions } = closestOf(destinations, record.request.topic) ?? destinations[0];
    await submissions.promote(record);
    if (record.status === 'cancelling') return answerRequest(c, record, parts, { status: 202, forOperator });
    if (record.status === 'cancelled') return answerRequest(c, record, parts, { status: 200, forOperator });
    throw new ProblemError({
      status: 409,
      code: 'request_finished',
      detail: `The request ${identity.id} can no longer be cancelled: its status is ${record.status}`,
    });
  });

  addBoth(repeat, async (c, { identity, forOperator }) => {
    const record = await knownRecord(identity);
    const { outcome } = record;
    if (!outcome) {
      const detail = `The request ${identity.id} has not ended yet, so there is no webhook to send`;
      throw new ProblemError({ status: 409, code: 'request_unfinished', detail });
    }
    const { webhookQueue: queue, webhookEndpoints, serviceName } = parts;
    const { topic, callbackUrl } = outcome;
    const reported = { tenant: identity.tenant, topic, callbackUrl };
    const recipients = await recipientsOf(outcome.status, reported, webhookRules, webhookEndpoints?.reader);
    if (!queue || recipients.length === 0) {
      const detail = `The request ${identity.id} has no webhook to send again`;
      throw new ProblemError({ status: 409, code: 'webhook_unknown', detail });
    }
    await resendWebhooks(outcome, recipients, serviceName, queue);
    return answerRequest(c, record, parts, { status: 202, forOperator });
  });

  addRoute(app, list, (c) => answerList(c, c.req.valid('query'), c.get('caller').tenant, listedResourceOf));

  addRoute(app, listOfTenant, (c) => {
    const tenant = idOfSegment(c.req.valid('param').tenant);
    return answerList(c, c.req.valid('query'), tenant, resourceForOperator);
  });

  /** Adds a call about a request, for its own callers and for operators. */
  function addBoth<Headers extends z.ZodObject>(
    call: RequestCall<Headers>,
    handle: (c: Context<ApiEnv>, subject: Subject<Headers>) => Promise<Response>,
  ): void {
    addRoute(app, call, async (c) => {
      const { id } = c.req.valid('param');
      const { source } = c.req.valid('query');
      const { tenant } = c.get('caller');
      const identity = { id: idOfSegment(id), source, tenant };
      return handle(c, { identity, headers: c.req.valid('header'), forOperator: false });
    });
    addRoute(app, ofTenant(call), async (c) => {
      const { id, tenant } = c.req.valid('param');
      const { source } = c.req.valid('query');
      const identity = { id: idOfSegment(id), source, tenant: idOfSegment(tenant) };
      return handle(c, { identity, headers: c.req.valid('header'), forOperator: true });
    });
  }

  async function answerList(
    c: Context<ApiEnv>,
    query: z.infer<typeof ListQuery>,
    tenant: string | undefined,
    represent: typeof listedResourceOf,
  ): Promise<Response> {
    const now = clock.now();
    const { status, topic, code, handlerVersion, webhook, cursor, limit } = query;
    const selection = {
      tenant,
      status,
      topic,
      code,
      handlerVersion,
      webhook,
      cursor,
      limit,
      metadata: metadataConditions(query, recordMetadata),
      since: timeOf('since', query.since),
      until: timeOf('until', query.until),
    };
    const { records: listed, next } = await listRequests(index, selection, webhookRules, now);
    return c.json({ requests: listed.map((record) => represent(record, webhookRules, now)), next }, 200, {
      ...NO_STORE,
      ...(next === undefined ? {} : { Link: `<${nextUrl(c.req.url, next)}>; rel="next"` }),
    });
  }

  async function knownRecord(identity: RequestIdentity): Promise<RequestRecord> {
    const record = await records.find(identity);
    if (!record) throw new RequestNotFound(identity.id);
    return record;
  }
}

/** Whether `If-None-Match` names a version, or is `*`. */
function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known?.some((tag) => tag === etag || tag === '*') ?? false;
}

/** Relative to the URL of the list, so that it works below any base path. */
function nextUrl(url: string, cursor: string): string {
  const { searchParams } = new URL(url);
  searchParams.set('cursor', cursor);
  return `requests?${searchParams}`;
}
