import { readTraceContext } from '../core/base/traceparent.ts';

/**
 * Reads the trace of a row: the properties that OpenTelemetry injects, as Java writes properties.
 * @see https://debezium.io/documentation/reference/stable/integrations/tracing.html
 */
export function traceOf(tracingspancontext: string | null): Record<string, string> {
  const lines = (tracingspancontext ?? '').split(/[\r\n]+/);
  const properties = new Map(lines.map((line) => propertyOf(line.trim())));
  const { traceparent, tracestate } = readTraceContext({
    traceparent: properties.get('traceparent'),
    tracestate: properties.get('tracestate'),
  });
  return {
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  };
}

/** Java escapes `=`, `:`, `#`, `!` and `\` with a backslash. A comment has no name that is looked for. */
function propertyOf(line: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([^\s=:]+)\s*[=:\s]\s*(.*)$/.exec(line) ?? [];
  return [name, value.replace(/\\(.)/g, '$1')];
}
