import { parse, type Type } from 'protobufjs';
import { type ReceivedCall, ScriptedEndpoint } from './scripted-endpoint.ts';

/**
 * The fields of a trace export that tests read. Other fields are skipped.
 * @see https://github.com/open-telemetry/opentelemetry-proto/tree/v1.9.0/opentelemetry/proto
 */
const { root } = parse(`
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
    int32 kind = 6; repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15;
  }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`);
const EXPORT: Type = root.lookupType('ExportTraceServiceRequest');

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A received span. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** 2 for a server, 3 for a client, 5 for a consumer. */
  readonly kind: number;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2 is an error. */
  readonly statusCode: number;
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[];
  }[];
}

interface ExportedSpan {
  readonly traceId: Bytes;
  readonly spanId: Bytes;
  readonly parentSpanId: Bytes;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly KeyValue[];
  readonly links: readonly { readonly traceId: Bytes; readonly spanId: Bytes }[];
  readonly status: { readonly code: number } | null;
}

type Bytes = readonly number[];

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, string | number | boolean>>;
}

/** Receives OTLP over HTTP in protobuf, like a backend. Other processes get the received spans with a GET. */
export class OtlpReceiver extends ScriptedEndpoint {
  constructor() {
    super(({ method }, response) => {
      if (method === 'GET') response.end(JSON.stringify(this.spans));
      else response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  }

  /** All received spans, in order. */
  get spans(): readonly ReceivedSpan[] {
    return this.calls.filter(({ method }) => method === 'POST').flatMap(spansIn);
  }
}

/** The spans of an export. */
export function spansIn({ body }: Pick<ReceivedCall, 'body'>): readonly ReceivedSpan[] {
  const options = { longs: Number, bytes: Array, defaults: true };
  const { resourceSpans } = EXPORT.toObject(EXPORT.decode(body), options) as Exported;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ status, attributes, links, ...span }) => ({
        ...span,
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        attributes: valuesOf(attributes),
        resource: valuesOf(resource.attributes),
        links: links.map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
        statusCode: status?.code ?? 0,
      })),
    ),
  );
}

function hex(bytes: Bytes): string {
  return Buffer.from(bytes).toString('hex');
}

function valuesOf(attributes: readonly KeyValue[]): Attributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
