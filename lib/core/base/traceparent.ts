/**
 * A W3C trace context: the values of the headers `traceparent` and `tracestate`.
 * @see https://www.w3.org/TR/trace-context/
 */
export interface TraceContext {
  readonly traceparent?: string;
  /** What tracing systems add to it. Never without a traceparent. */
  readonly tracestate?: string;
}

/** Longest tracestate that is passed on, in characters. W3C asks for at least so many. */
const TRACESTATE_MAX_LENGTH = 512;

/** Most members of a tracestate. @see https://www.w3.org/TR/trace-context/#list */
const TRACESTATE_MAX_MEMBERS = 32;

/** Version, trace, parent, flags. The standard forbids version ff, and traces and parents of nothing but zeros. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** A key, `=` and a value, with optional space around them. @see https://www.w3.org/TR/trace-context/#list */
const TRACESTATE_MEMBER = /^[\t ]*[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~][\t ]*$/;

/**
 * Reads a trace context that came from outside. As the standard asks, an invalid traceparent is ignored together with
 * its tracestate, and an invalid tracestate is ignored alone. A valid one stays as it is.
 * @returns both members, so that a spread replaces both
 */
export function readTraceContext(fields: {
  readonly traceparent?: unknown;
  readonly tracestate?: unknown;
}): TraceContext {
  const traceparent = optionalTraceparent(fields.traceparent);
  const tracestate = traceparent === undefined ? undefined : optionalTracestate(fields.tracestate);
  return { traceparent, tracestate };
}

/** The id of the trace a traceparent is of: 32 hexadecimal digits. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

function optionalTraceparent(value: unknown): string | undefined {
  return typeof value === 'string' && TRACEPARENT.test(value) ? value : undefined;
}

function optionalTracestate(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > TRACESTATE_MAX_LENGTH) return undefined;
  // Empty members are allowed.
  const members = value.split(',').filter((member) => !/^[\t ]*$/.test(member));
  const isValid =
    members.length > 0 &&
    members.length <= TRACESTATE_MAX_MEMBERS &&
    members.every((member) => TRACESTATE_MEMBER.test(member));
  return isValid ? value : undefined;
}
