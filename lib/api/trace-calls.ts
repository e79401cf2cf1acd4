import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { traceContextOf } from '../core/base/span-context.ts';
import { startSpan } from '../core/base/start-span.ts';
import { readTraceContext, type TraceContext } from '../core/base/traceparent.ts';

/**
 * Makes a span of every call, in the trace of its caller.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 */
export const traceCalls: MiddlewareHandler = async (c, next) => {
  const { method } = c.req;
  const started = startSpan(readTraceContext(c.req.header()), method, {
    kind: SpanKind.SERVER,
    attributes: { 'http.request.method': method, 'url.scheme': 'https' },
  });
  const { span } = started;
  await context.with(started.context, next);
  const { status } = c.res;
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  // Of a call without a route only middleware matches.
  const route = routePath(c, -1);
  if (!route.includes('*')) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
  span.end();
};

/** The trace of the current call, for a request that names none; undefined if calls aren't traced. */
export function currentTrace(): TraceContext {
  const spanContext = trace.getSpanContext(context.active());
  return spanContext && trace.isSpanContextValid(spanContext) ? traceContextOf(spanContext) : {};
}
