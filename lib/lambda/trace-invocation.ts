import { context, trace } from '@opentelemetry/api';
import { spanContextOf } from '../core/base/span-context.ts';
import type { TraceTarget } from '../core/config/settings.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { flushSpans } from './flush-spans.ts';
import { traceContextOfHeader } from './xray-header.ts';

/** The context of an invocation. */
export interface Invocation {
  getRemainingTimeInMillis(): number;
}

/**
 * Runs an invocation and sends its spans. Where they go to X-Ray it runs in the trace that Lambda names for it in the
 * environment, so that Lambda's own segment is the parent, unless a tracer has made a span for the invocation.
 */
export async function traceInvocation<Result>(
  target: TraceTarget,
  invocation: Invocation,
  logger: Logger,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await context.with(contextOf(target), run);
  } finally {
    await flushSpans(logger, invocation.getRemainingTimeInMillis());
  }
}

function contextOf(target: TraceTarget) {
  const active = context.active();
  if (target !== 'xray' || trace.getSpanContext(active)) return active;
  const segment = spanContextOf(traceContextOfHeader(process.env._X_AMZN_TRACE_ID));
  return segment ? trace.setSpanContext(active, segment) : active;
}
