import { readTraceContext } from '../core/base/traceparent.ts';

/** Where in a trace of X-Ray something happens. */
export interface XRayPosition {
  /** As X-Ray writes it: `1-`, 8 hexadecimal digits, `-` and 24 more. */
  readonly traceId: string;
  /** The segment it happens in: 16 hexadecimal digits. */
  readonly parentId: string;
  /** Whether the trace is recorded. */
  readonly sampled: boolean;
}

/**
 * Reads X-Ray's trace header: `Root=1-…;Parent=…;Sampled=1`, and what else may be in it.
 * @returns undefined when it names no segment
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function readTraceHeader(header: string | undefined): XRayPosition | undefined {
  const fields = new Map(header?.split(';').map((field) => splitOnce(field.trim())));
  const traceId = fields.get('Root') ?? '';
  const parentId = fields.get('Parent') ?? '';
  if (!/^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(traceId) || !/^[0-9a-f]{16}$/.test(parentId)) return undefined;
  return { traceId, parentId, sampled: fields.get('Sampled') === '1' };
}

/** What X-Ray's trace header says as W3C writes it; undefined when it names no segment. */
export function traceparentOfHeader(header: string | undefined): string | undefined {
  const position = readTraceHeader(header);
  if (!position) return undefined;
  const { traceId, parentId, sampled } = position;
  return readTraceContext({
    traceparent: `00-${traceId.slice(2).replace('-', '')}-${parentId}-${sampled ? '01' : '00'}`,
  }).traceparent;
}

/** The position a trace parent of W3C stands for, as X-Ray writes it. */
export function positionOfTraceparent(traceparent: string): XRayPosition {
  const [, traceId = '', parentId = '', flags = ''] = traceparent.split('-');
  return {
    traceId: `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`,
    parentId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
  };
}

function splitOnce(field: string): [name: string, value: string] {
  const [name = '', value = ''] = field.split('=', 2);
  return [name, value];
}
