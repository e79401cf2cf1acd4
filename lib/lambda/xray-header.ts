import { readTraceContext, type TraceContext } from '../core/base/traceparent.ts';

/**
 * Reads X-Ray's trace header, `Root=1-…;Parent=…;Sampled=1`, as a trace context.
 * @returns nothing when the header names no segment
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function traceContextOfHeader(header: string | undefined): TraceContext {
  const fields = new Map(header?.split(';').map((field) => splitOnce(field.trim())));
  const [, ...root] = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/.exec(fields.get('Root') ?? '') ?? [];
  const flags = fields.get('Sampled') === '1' ? '01' : '00';
  return readTraceContext({ traceparent: `00-${root.join('')}-${fields.get('Parent')}-${flags}` });
}

function splitOnce(field: string): [name: string, value: string] {
  const [name = '', value = ''] = field.split('=', 2);
  return [name, value];
}
