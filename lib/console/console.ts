import { Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';
import { getPath } from 'hono/utils/url';
import { AccessRefused } from './access.ts';
import { addAssets } from './assets.ts';
import { limitForms } from './form.ts';
import { addBatchPages } from './pages/batches.ts';
import { addFailurePages } from './pages/failures.ts';
import { addLimitPages } from './pages/limits.ts';
import { addNowPage } from './pages/now.ts';
import { addOperationPages } from './pages/operations.ts';
import { addRequestPage } from './pages/request.ts';
import { addRequestsPage } from './pages/requests.ts';
import { addSchedulePages } from './pages/schedules.ts';
import { addServicePage } from './pages/service.ts';
import { addWebhookPages } from './pages/webhooks.ts';
import { Pages } from './pages.ts';
import type { ConsoleOptions } from './parts.ts';
import { problemOf } from './view/problem.ts';
import { FIRST_PAGE, relativePath } from './view/relative-links.ts';

/** Only files of the console, and forms to the console. */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
};

/** What `csrf` refuses. */
const FROM_ELSEWHERE = 'This form was not sent by a page of this console.';

/** Creates the console of a service: pages for its operators, rendered from the HTTP API. It works at the root of a host and mounted below a path. */
export function createConsole(options: ConsoleOptions): Hono {
  const { access } = options;
  const app = new Hono({
    getPath: (request) => {
      const path = getPath(request);
      return path === FIRST_PAGE ? '/' : path;
    },
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: CONTENT_SECURITY_POLICY,
      // Forms must state their origin.
      referrerPolicy: 'same-origin',
      strictTransportSecurity: false,
      xFrameOptions: 'DENY',
    }),
  );
  const pages = new Pages(options, addAssets(app));
  app.use(async (c, next) => {
    await next();
    c.header('cache-control', 'no-store');
    // nginx otherwise holds back the end of an event: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
    c.header('x-accel-buffering', 'no');
    const location = c.res.headers.get('location');
    if (location?.startsWith('/')) c.header('location', relativePath(c.req.path, location));
  });
  app.use(csrf());
  app.use(limitForms);
  app.use(access.guard);
  app.post('*', async (c, next) => {
    if (access.mayAct(c)) return next();
    const text = `This console is read-only. ${access.howToAct}`;
    return pages.answer(c, { title: 'Read-only', status: 403, main: problemOf('Read-only', text) });
  });
  addNowPage(app, pages);
  addRequestsPage(app, pages);
  addRequestPage(app, pages);
  addFailurePages(app, pages);
  addLimitPages(app, pages);
  addWebhookPages(app, pages);
  addSchedulePages(app, pages);
  addBatchPages(app, pages);
  addOperationPages(app, pages);
  addServicePage(app, pages);
  app.notFound((c) => pages.notFound(c));
  app.onError((error, c) => {
    if (error instanceof AccessRefused) return pages.refuse(c, error);
    if (error instanceof HTTPException) return pages.refuse(c, new AccessRefused('Refused', FROM_ELSEWHERE));
    if (!c.req.raw.signal.aborted) pages.reportFailure(error);
    return c.text('This page failed; the log of the console says why.', 500);
  });
  // Merged into another app, it would lose its paths.
  return new Hono().mount('/', app.fetch, { replaceRequest: (request) => request });
}
