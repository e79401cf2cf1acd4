import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { serializeError } from '../core/base/serialize-error.ts';
import type { ApiAuthName } from '../core/config/settings.ts';
import type { ApiEnv, ApiParts, Caller } from './context.ts';
import { INTERNAL_PROBLEM, problemOfError } from './error-problem.ts';
import { describeApi } from './openapi.ts';
import { type ApiError, problemResponse } from './problem.ts';
import { addRequestRoutes } from './request-routes.ts';
import { addServiceRoutes } from './service-routes.ts';
import { addSubmitRoute } from './submit-route.ts';
import { traceCalls } from './trace-calls.ts';
import { addUploadRoutes } from './upload-routes.ts';

/** How callers are authenticated and identified. */
export interface ApiAccess {
  readonly auth: ApiAuthName;
  /** The caller of a call. Throws an {@link ApiError} for a caller that isn't allowed. */
  readonly callerOf: (c: Context) => Caller;
}

/** The HTTP API, for any runtime that has web-standard requests. */
export function createApi(parts: ApiParts, { auth, callerOf }: ApiAccess): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({
    defaultHook: (result, c) => {
      if (!result.success) return problemResponse(c, malformed(result.error.issues));
    },
  });
  app.use(traceCalls);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        problemResponse(c, {
          status: 405,
          code: 'method_not_allowed',
          detail: `${c.req.path} takes ${methods.join(', ')}, got ${c.req.method}`,
          headers: { Allow: methods.join(', ') },
        }),
    }),
  );
  app.use(async (c, next) => {
    c.set('caller', callerOf(c));
    await next();
  });
  addSubmitRoute(app, parts);
  addUploadRoutes(app, parts);
  addRequestRoutes(app, parts);
  addServiceRoutes(app, parts);
  describeApi(app, auth);
  app.notFound((c) =>
    problemResponse(c, { status: 404, code: 'path_unknown', detail: unknownPath(c.req.path) }),
  );
  app.onError((error, c) => {
    const problem = problemOfError(error);
    if (!problem) parts.logger.error('A call failed', { path: c.req.path, error: serializeError(error) });
    return problemResponse(c, problem ?? INTERNAL_PROBLEM);
  });
  return app;
}

/** The detail of the problem for an unknown path. */
function unknownPath(path: string): string {
  const hint =
    '; in a path, write an id that contains a slash as ~ and its base64url, as the links of the request do';
  return `Path not found: ${path}${path.startsWith('/v1/requests/') ? hint : ''}`;
}

/** Most issues that are listed, and most characters of one: a malformed call may have thousands, and a response is limited to 6 MB. */
const MAX_ISSUES = 10;
const ISSUE_MAX_LENGTH = 200;

/** The problem of a call that doesn't match its route's schema. */
function malformed(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]) {
  const listed = issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: path.map(String).join('.').slice(0, ISSUE_MAX_LENGTH),
    message: message.slice(0, ISSUE_MAX_LENGTH),
  }));
  const [first] = listed;
  const detail = first ? aboutIssue(first) : 'The call does not match the API';
  return { status: 400, code: 'request_malformed', detail, facts: { issues: listed } } as const;
}

/** An issue that concerns the whole body, query or headers has no path. */
function aboutIssue({ path, message }: { readonly path: string; readonly message: string }): string {
  return path === '' ? message : `${path}: ${message}`;
}
