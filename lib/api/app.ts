import { type Context, Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { getPath } from 'hono/utils/url';
import { serializeError } from '../core/base/serialize-error.ts';
import type { ApiEnv, ApiParts, Caller } from './context.ts';
import { INTERNAL_PROBLEM, problemOfError } from './error-problem.ts';
import { addFailureRoutes } from './failure-routes.ts';
import { addLedgerRoutes } from './ledger-routes.ts';
import { addLimitRoutes } from './limit-routes.ts';
import { logOperations } from './log-operations.ts';
import type { DocumentedAuth } from './openapi-document.ts';
import { addOperationsRoutes } from './operations-routes.ts';
import { addPauseRoutes } from './pause-routes.ts';
import { type ProblemError, problemResponse } from './problem.ts';
import { addReceiptRoutes } from './receipt-routes.ts';
import { addRequestRoutes } from './request-routes.ts';
import type { Route } from './route.ts';
import { addServiceRoutes } from './service-routes.ts';
import { addSubmitBatchRoute } from './submit-batch-route.ts';
import { addSubmitRoute } from './submit-route.ts';
import { traceCalls } from './trace-calls.ts';
import { addUploadRoutes } from './upload-routes.ts';
import { addWebhookEndpointRoutes } from './webhook-endpoint-routes.ts';

/** How callers are authenticated and identified. */
export interface ApiAccess {
  readonly auth: DocumentedAuth;
  /** The caller of a call. Throws an {@link ProblemError} for a caller that isn't allowed. */
  readonly callerOf: (c: Context) => Caller;
}

/** Routes that only some hosts have. */
export interface ApiExtension {
  readonly routes: readonly Route[];
  readonly add: (app: Hono<ApiEnv>) => void;
}

/** The HTTP API, for any runtime that has web-standard requests. */
export function createApi(
  parts: ApiParts,
  { auth, callerOf }: ApiAccess,
  extensions: readonly ApiExtension[] = [],
): Hono<ApiEnv> {
  // Clients and proxies may escape the colon of a path.
  const app = new Hono<ApiEnv>({ getPath: (request) => getPath(request).replaceAll(/%3a/gi, ':') });
  app.use(traceCalls);
  app.use(logOperations(parts.logger));
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
  addSubmitBatchRoute(app, parts);
  addUploadRoutes(app, parts);
  addRequestRoutes(app, parts);
  addServiceRoutes(app, parts);
  addPauseRoutes(app, parts);
  addOperationsRoutes(app, parts);
  addWebhookEndpointRoutes(app, parts);
  addLimitRoutes(app, parts);
  addFailureRoutes(app, parts);
  addLedgerRoutes(app, parts);
  addReceiptRoutes(app, parts);
  for (const { add } of extensions) add(app);
  app.get('/v1/openapi.json', async (c) => {
    const { openApiDocument } = await import('./openapi-document.ts');
    return c.json(
      openApiDocument(
        auth,
        extensions.flatMap(({ routes }) => routes),
      ),
    );
  });
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
  return `Path not found: ${path}${/^\/v1\/(?:tenants\/[^/]+\/)?requests\//.test(path) ? hint : ''}`;
}
