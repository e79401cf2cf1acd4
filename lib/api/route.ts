import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import type { Context, Hono } from 'hono';
import * as z from 'zod';
import type { ApiEnv, Caller } from './context.ts';
import { markLogged } from './log-operations.ts';
import { assertOperator } from './operator.ts';
import { parseInput } from './parse-input.ts';
import { ProblemError } from './problem.ts';

/** A call of the API as the OpenAPI document describes it. Calls are checked by the schemas of `request`. */
export interface Route extends RouteConfig {
  readonly operationId: string;
  /** Only operators may make the call. */
  readonly 'x-operator'?: true;
  /** Each call is logged: it changes the service, or more than its caller's own request, and the core doesn't log it. */
  readonly 'x-logged'?: true;
  readonly request: {
    readonly params?: z.ZodObject;
    readonly query: z.ZodObject;
    readonly headers: z.ZodObject;
    readonly body?: NonNullable<RouteConfig['request']>['body'];
  };
}

/** What a schema checks. */
export type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : never;

/** The checked parts of a call. */
interface CheckedInput<Checked extends Route> {
  readonly out: {
    readonly param: OutputOf<Checked['request']['params']>;
    readonly query: OutputOf<Checked['request']['query']>;
    readonly header: OutputOf<Checked['request']['headers']>;
    readonly json: Checked['request'] extends {
      readonly body: { readonly content: { readonly 'application/json': { readonly schema: infer Schema } } };
    }
      ? OutputOf<Schema>
      : never;
  };
}

/** A call whose parts are checked; `c.req.valid` returns them. */
export type CheckedContext<Checked extends Route> = Context<ApiEnv, string, CheckedInput<Checked>>;

/** Handles a call whose parts are checked. */
type RouteHandler<Checked extends Route> = (c: CheckedContext<Checked>) => Promise<Response>;

/**
 * Adds a route whose handler gets calls that match the schemas. Others throw an {@link ProblemError} of the status 400 or 415, or
 * 403 before that if the caller may not make the call: it is for operators and the caller isn't one, or `assertMayCall` says so.
 * @param assertMayCall throws for a caller that may not make the call
 */
export function addRoute<Checked extends Route>(
  app: Hono<ApiEnv>,
  route: Checked,
  handler: RouteHandler<Checked>,
  assertMayCall: (caller: Caller) => void = () => {},
): void {
  const { params, query, headers, body } = route.request;
  const json = body?.content['application/json'];
  const schema = json && 'schema' in json ? json.schema : undefined;
  const path = route.path.replaceAll(/\{(.+?)\}/g, ':$1');
  app.on(route.method, path, async (c: CheckedContext<Checked>) => {
    // First: the log also has the calls that are refused.
    if (route['x-logged']) markLogged(c, route.operationId, Object.keys(query.shape));
    if (route['x-operator']) assertOperator(c.get('caller'));
    assertMayCall(c.get('caller'));
    check(c, 'query', query, queryOf(c));
    if (params) check(c, 'param', params, c.req.param());
    check(c, 'header', headers, c.req.header());
    // The body of a GET has no meaning, and hosts don't pass it on.
    if (!body && route.method !== 'get') assertEmpty(await c.req.arrayBuffer());
    // A plain schema describes a body that is for the handler of the service to judge.
    if (schema instanceof z.ZodType) check(c, 'json', schema, await jsonOf(c));
    return handler(c);
  });
}

function check(
  c: Context,
  target: 'query' | 'param' | 'header' | 'json',
  schema: z.ZodType,
  value: unknown,
): void {
  c.req.addValidatedData(target, parseInput(schema, value) as object);
}

/** Refuses what would be ignored. @throws ProblemError 400 */
function assertEmpty({ byteLength }: ArrayBuffer): void {
  if (byteLength === 0) return;
  const detail = `This call takes no body, got one of ${byteLength} bytes: leave it out`;
  throw new ProblemError({ status: 400, code: 'request_malformed', detail });
}

/** A parameter that is given several times is a list. @throws ProblemError 400 */
function queryOf(c: Context): Record<string, string | string[]> {
  const queries = c.req.queries();
  // zod leaves it out, so that no schema would refuse it.
  if (Object.hasOwn(queries, '__proto__')) {
    const detail = 'unknown query parameter "__proto__": no call takes it';
    throw new ProblemError({ status: 400, code: 'request_malformed', detail });
  }
  return Object.fromEntries(
    Object.entries(queries).map(([name, values]) => [name, values.length === 1 ? String(values[0]) : values]),
  );
}

const JSON_CONTENT = /^application\/(?:[a-z\-.]+\+)?json(?:;\s*[a-z\d-]+=[^;]+)*$/i;

async function jsonOf(c: Context): Promise<unknown> {
  const type = c.req.header('content-type');
  const text = await c.req.text();
  if (type === undefined ? text !== '' : !JSON_CONTENT.test(type)) {
    const detail = 'The body must be application/json';
    throw new ProblemError({ status: 415, code: 'content_type_invalid', detail });
  }
  if (type === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    const detail = 'Malformed JSON in request body';
    throw new ProblemError({ status: 400, code: 'request_malformed', detail });
  }
}
