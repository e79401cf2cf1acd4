/**
 * A trace parent to pass on; anything else in its place is ignored, as the standard asks.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function optionalTraceparent(value: unknown): string | undefined {
  return typeof value === 'string' && TRACEPARENT.test(value) ? value : undefined;
}

/** The id of the trace a trace parent is of: 32 hexadecimal digits. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** Version, trace, parent, flags. The standard forbids version ff, and traces and parents of nothing but zeros. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
