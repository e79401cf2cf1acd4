import { type Context, context, type Span, type SpanOptions, trace } from '@opentelemetry/api';
import { spanContextOf, traceContextOf } from './span-context.ts';
import type { TraceContext } from './traceparent.ts';

/** A span that was started. */
export interface StartedSpan {
  readonly span: Span;
  /** For the work it is about: there the span is the active one. */
  readonly context: Context;
  /** For calls the work makes: that of the span, or the one it was started with where nothing is traced. */
  readonly trace: TraceContext;
  /** Whether it is recorded in a trace of its own, since it was started with none. */
  readonly isApart: boolean;
}

/**
 * Starts a span in a trace that came with a request or a call, so that all that belongs to one request is in the trace
 * of its sender, however much later it happens. The active span, which is the invocation's, is linked; without a trace
 * it is the parent.
 *
 * For messages OpenTelemetry's conventions prefer it the other way round, because a batch may have many senders. They
 * allow this where a span is about one message.
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#consumer-spans
 */
export function startSpan(requestTrace: TraceContext, name: string, options: SpanOptions): StartedSpan {
  const active = context.active();
  const invocation = trace.getSpanContext(active);
  const remote = spanContextOf(requestTrace);
  const parent = remote ? trace.setSpanContext(active, remote) : active;
  const links = remote && invocation ? [{ context: invocation }] : [];
  const span = trace.getTracer('coatcheck').startSpan(name, { ...options, links }, parent);
  const spanContext = span.spanContext();
  // Without an SDK the span is its parent over again.
  const isNew = trace.isSpanContextValid(spanContext) && spanContext.spanId !== remote?.spanId;
  return {
    span,
    context: trace.setSpan(active, span),
    trace: isNew ? traceContextOf(spanContext) : requestTrace,
    isApart: remote === undefined && isNew && span.isRecording(),
  };
}
