import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { PauseUntil, PermanentError } from '../../../lib/core/base/errors.ts';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { RecordedSpans } from '../../support/recorded-spans.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';
import { START } from '../../support/test-clock.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;
const tracestate = 'rojo=1,congo=2';
const source = { system: 'aws_sqs', destination: 'orders' };

function traced(handler: Handler, options: HarnessOptions = {}) {
  const spans = new RecordedSpans();
  return { spans, harness: new EngineHarness(handler, { ports: { source }, ...options }) };
}

test('an attempt is a span of its message, in the trace of its request', async () => {
  const { spans, harness } = traced(() => {
    harness.clock.advanceSeconds(2);
    return 'done';
  });
  const attributes = { RequestId: 'r-1', Tenant: 'acme', traceparent, tracestate };
  await harness.process([requestDelivery('r-1', {}, { id: 'm-1', attributes, deliveryCount: 3 })]);
  const span = spans.of('r-1');
  expect(span).toMatchObject({
    name: 'process orders',
    kind: SpanKind.CONSUMER,
    startTime: [START / 1000, 0],
    endTime: [START / 1000 + 2, 0],
    status: { code: SpanStatusCode.UNSET },
    instrumentationScope: { name: 'coatcheck' },
    parentSpanContext: { traceId: TRACE_ID, spanId: PARENT_ID },
    links: [],
    attributes: {
      'messaging.system': 'aws_sqs',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
      'messaging.message.id': 'm-1',
      'coatcheck.request.id': 'r-1',
      'coatcheck.tenant': 'acme',
      'coatcheck.attempt': 3,
      'coatcheck.outcome': 'succeeded',
    },
  });
  expect(span.spanContext().traceId).toBe(TRACE_ID);
  expect(span.spanContext().traceState?.serialize()).toBe(tracestate);
});

test('an attempt whose handler asks for a pause ends its span, as no failure', async () => {
  const { spans, harness } = traced(() => {
    throw new PauseUntil(new Date(START + 60_000));
  });
  await harness.process([requestDelivery('r-1')]);
  expect(spans.of('r-1')).toMatchObject({
    status: { code: SpanStatusCode.UNSET },
    attributes: { 'coatcheck.outcome': 'paused' },
  });
});

test('an attempt names the version of the handler', async () => {
  const { spans, harness } = traced(() => 'done', { handlerVersion: '42' });
  await harness.process([requestDelivery('r-1')]);
  expect(spans.of('r-1').attributes['coatcheck.handler.version']).toBe('42');
});

test('every attempt at a request is in its trace', async () => {
  const { spans, harness } = traced((request) => {
    if (request.attempt === 1) throw new TypeError('oops');
  });
  const message = requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', traceparent } });
  await harness.process([message]);
  await harness.process([{ ...message, deliveryCount: 2 }]);
  expect(spans.all.map(({ attributes }) => attributes['coatcheck.outcome'])).toEqual([
    'retried',
    'succeeded',
  ]);
  expect(new Set(spans.all.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]));
  expect(new Set(spans.all.map((span) => span.spanContext().spanId)).size).toBe(2);
});

test('a request that names no trace is in that of the invocation, all others are linked to it', async () => {
  const { spans, harness } = traced(() => 'done');
  const invocation = await trace.getTracer('test').startActiveSpan('invocation', async (span) => {
    await harness.process([
      requestDelivery('silent'),
      requestDelivery('naming', {}, { attributes: { RequestId: 'naming', traceparent } }),
    ]);
    span.end();
    return span.spanContext();
  });
  expect(spans.of('silent')).toMatchObject({ parentSpanContext: invocation, links: [] });
  expect(spans.of('naming')).toMatchObject({
    parentSpanContext: { traceId: TRACE_ID, spanId: PARENT_ID },
    links: [{ context: invocation }],
  });
});

test('a request whose sender isn’t sampled is not recorded', async () => {
  const { spans, harness } = traced((request) => request.traceparent ?? 'none');
  const unsampled = `00-${TRACE_ID}-${PARENT_ID}-00`;
  await harness.process([
    requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', traceparent: unsampled } }),
  ]);
  expect(spans.all).toEqual([]);
  expect(harness.event.data).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
});

test('the trace that only the object of an upload names', async () => {
  const { spans, harness } = traced(() => 'done');
  harness.store.put('requests/a', 'hello', { metadata: { traceparent, tracestate } });
  await harness.process([delivery(s3Event(s3Record({ key: 'requests/a', size: 5 })))]);
  expect(spans.all).toMatchObject([{ parentSpanContext: { traceId: TRACE_ID, spanId: PARENT_ID } }]);
});

describe('in the handler', () => {
  test('spans are children of the attempt, also in what it streams', async () => {
    const make = (name: string) => trace.getTracer('test').startSpan(name).end();
    const { spans, harness } = traced(async () => {
      make('in the handler');
      await Promise.resolve();
      make('later');
      return (async function* () {
        make('in the stream');
        yield 'done';
      })();
    });
    await harness.process([requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', traceparent } })]);
    const parent = { traceId: TRACE_ID, spanId: spans.of('r-1').spanContext().spanId };
    for (const name of ['in the handler', 'later', 'in the stream']) {
      expect(spans.named(name).parentSpanContext).toMatchObject(parent);
    }
  });

  test('the trace for calls is that of the attempt, and what comes out is that of the request', async () => {
    const { spans, harness } = traced((request) => [request.traceparent, request.tracestate]);
    const attributes = { RequestId: 'r-1', traceparent, tracestate };
    await harness.process([requestDelivery('r-1', {}, { attributes })]);
    const { spanId } = spans.of('r-1').spanContext();
    expect(harness.event).toMatchObject({
      data: [`00-${TRACE_ID}-${spanId}-01`, tracestate],
      traceparent,
      tracestate,
    });
  });

  test('without an SDK the trace for calls is that of the request', async () => {
    const harness = new EngineHarness((request) => [request.traceparent, request.tracestate]);
    const given = { traceparent: `cc-${TRACE_ID}-${PARENT_ID}-ff`, tracestate };
    await harness.process([requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', ...given } })]);
    expect(harness.event.data).toEqual([given.traceparent, tracestate]);
  });
});

test('how an attempt ended, and why', async () => {
  const { spans, harness } = traced(async (request) => {
    if (request.id === 'refused') throw new PermanentError('x'.repeat(2_000), { code: 'order_unknown' });
    if (request.id === 'broken') throw Object.assign(new TypeError('oops'), { code: 'E_BROKEN' });
  });
  await harness.process([
    requestDelivery('fine'),
    requestDelivery('refused'),
    requestDelivery('broken'),
    requestDelivery('late', {}, { attributes: { RequestId: 'late', ExpiresAt: '2020-01-01T00:00:00Z' } }),
    delivery('{"specversion":"1.0"}', { id: 'malformed' }),
  ]);
  const found = spans.all.map(({ attributes, status, events }) => [
    attributes['coatcheck.request.id'],
    {
      outcome: attributes['coatcheck.outcome'],
      type: attributes['error.type'],
      message: status.code === SpanStatusCode.ERROR ? status.message : undefined,
      exceptions: events.map((event) => event.attributes?.['exception.type']),
    },
  ]);
  expect(Object.fromEntries(found)).toEqual({
    fine: { outcome: 'succeeded', exceptions: [] },
    refused: {
      outcome: 'failed',
      type: 'order_unknown',
      message: 'x'.repeat(1_000),
      exceptions: ['order_unknown'],
    },
    broken: { outcome: 'retried', type: 'E_BROKEN', message: 'oops', exceptions: ['E_BROKEN'] },
    late: { outcome: 'expired', exceptions: [] },
    malformed: {
      outcome: 'failed',
      type: 'envelope_malformed',
      message: expect.any(String),
      exceptions: ['envelope_malformed'],
    },
  });
});

test('an attempt whose result could not be copied for its consumer is to be made again', async () => {
  const spans = new RecordedSpans();
  const harness = new EngineHarness(() => 'x'.repeat(99), {
    outputFormat: 'raw',
    inlineLimitBytes: 10,
    ports: { source },
  });
  harness.store.faults.inject('copyForConsumer', 'fails before');
  expect(await harness.process([requestDelivery('r-1')])).toEqual(['message-r-1']);
  expect(spans.of('r-1')).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'coatcheck.outcome': 'retried' },
  });
});
