import { expect, inject, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { ReceivedSpan } from '../support/otlp-receiver.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const trace = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: 'rojo=00f067aa0ba902b7,congo=1' };

/** The spans of a trace that the functions have sent. */
async function spansOf(traceId: string): Promise<readonly ReceivedSpan[]> {
  const response = await fetch(inject('spans'));
  const spans = (await response.json()) as readonly ReceivedSpan[];
  return spans.filter((span) => span.traceId === traceId);
}

test('the spans of a request share the trace of its sender, and its trace context comes out as it was', async () => {
  const { id } = await service.submit({ do: 'echo', value: 1 }, trace);
  expect(await service.event(id)).toMatchObject(trace);
  await eventually(async () => {
    const spans = await spansOf(TRACE_ID);
    const called = spans.find(({ name }) => name === 'POST /v1/requests');
    const attempt = spans.find(({ name }) => name.startsWith('process '));
    expect(called).toMatchObject({ parentSpanId: PARENT_ID, traceState: trace.tracestate });
    expect(attempt).toMatchObject({
      parentSpanId: PARENT_ID,
      traceState: trace.tracestate,
      attributes: { 'coatcheck.request.id': id, 'coatcheck.outcome': 'succeeded' },
      resource: { 'service.name': 'e2e-cloudevents' },
    });
  });
});

test('a request that names no trace is in that of the call that submitted it', async () => {
  const { id } = await service.submit({ do: 'echo', value: 2 }, {});
  const { traceparent = '' } = await service.event(id);
  const [, traceId = ''] = traceparent.split('-');
  await eventually(async () => {
    const names = (await spansOf(traceId)).map(({ name }) => name.replace(/^process .*/, 'process'));
    expect(new Set(names)).toEqual(new Set(['POST /v1/requests', 'process']));
  });
});
