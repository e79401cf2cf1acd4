import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { ApiHarness } from '../support/api-harness.ts';
import { RecordedSpans } from '../support/recorded-spans.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;

function submit(api: ApiHarness, headers: Record<string, string> = {}) {
  return api.call('POST', '/v1/requests', { body: new Uint8Array(Buffer.from('hello')), headers });
}

test('a call is a span in the trace of its caller, linked to the invocation', async () => {
  const spans = new RecordedSpans();
  const invocation = await trace.getTracer('test').startActiveSpan('invocation', async (span) => {
    await submit(new ApiHarness(), { traceparent });
    return span.spanContext();
  });
  expect(spans.named('POST /v1/requests')).toMatchObject({
    kind: SpanKind.SERVER,
    parentSpanContext: { traceId: TRACE_ID, spanId: PARENT_ID },
    links: [{ context: invocation }],
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/v1/requests',
      'http.response.status_code': 202,
    },
  });
});

test('the route has no ids, and a call without a route has none', async () => {
  const spans = new RecordedSpans();
  const api = new ApiHarness();
  await api.call('GET', '/v1/requests/01a1f8b8-0743-7353-845c-cfb87ad8f210');
  await api.call('GET', '/v2/nowhere');
  expect(spans.all.map(({ name, attributes }) => [name, attributes['http.response.status_code']])).toEqual([
    ['GET /v1/requests/:id', 404],
    ['GET', 404],
  ]);
});

test('a call that fails is an error', async () => {
  const spans = new RecordedSpans();
  const api = new ApiHarness();
  api.admission.faults.inject('decide', 'fails before');
  await submit(api);
  expect(spans.named('POST /v1/requests')).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'http.response.status_code': 500 },
  });
});

describe('a request that names no trace belongs to that of its call', () => {
  test('with its payload', async () => {
    const spans = new RecordedSpans();
    const api = new ApiHarness();
    await submit(api, { traceparent: 'none', tracestate: 'a=1' });
    await api.deliver();
    const { traceId, spanId } = spans.named('POST /v1/requests').spanContext();
    expect(api.harness.event.traceparent).toBe(`00-${traceId}-${spanId}-01`);
    expect(api.harness.event).not.toHaveProperty('tracestate');
  });

  test('without its payload', async () => {
    const spans = new RecordedSpans();
    const api = new ApiHarness();
    await api.call('POST', '/v1/uploads', { json: { size: 5 } });
    const { traceId, spanId } = spans.named('POST /v1/uploads').spanContext();
    const [stored] = api.harness.records.all();
    expect(stored?.record.request.traceparent).toBe(`00-${traceId}-${spanId}-01`);
  });
});

test('a request that names a trace belongs to it, whichever its call is in', async () => {
  new RecordedSpans();
  const api = new ApiHarness();
  await submit(api, { traceparent });
  await api.call('POST', '/v1/uploads', { json: { size: 5 }, headers: { traceparent } });
  const traces = api.harness.records.all().map(({ record }) => record.request.traceparent);
  expect(traces).toEqual([traceparent, traceparent]);
});
