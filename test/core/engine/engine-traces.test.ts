import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { fromFetch } from '../../../lib/core/processor/from-fetch.ts';
import type { Handler, ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { decodeWebhook } from '../../../lib/core/webhooks/message.ts';
import { MemoryEventBus } from '../../../lib/stores/memory/event-bus.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const tracestate = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';
const trace = { traceparent, tracestate };
const TRACED = requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1', ...trace } });
const UPLOAD = delivery(s3Event(s3Record({ key: 'requests/a', size: 5 })));

/** A service with every destination for outcomes. */
function notifying(handler: Handler) {
  const webhooks = new MemoryOutputQueue();
  const failureBus = new MemoryEventBus();
  const harness = new EngineHarness(handler, {
    webhookDefaultUrl: 'https://example.com/hook',
    ports: { webhooks, failureBus },
  });
  return { harness, webhooks, failureBus };
}

/** A service with an upload that has this metadata. */
function uploadedWith(metadata: Record<string, string>, handler: Handler) {
  const service = notifying(handler);
  service.harness.store.put('requests/a', 'hello', { metadata });
  return service;
}

const refusing = () => Promise.reject(new PermanentError('no'));

describe('the trace of a request', () => {
  test('reaches its handler and a wrapped application', async () => {
    const seen: unknown[] = [];
    const handler: Handler = ({ traceparent, tracestate, metadata }) =>
      void seen.push({ traceparent, tracestate, metadata });
    await new EngineHarness(handler).process([TRACED]);
    const fetch = ({ headers }: Request) =>
      new Response(`${headers.get('traceparent')} ${headers.get('tracestate')}`);
    const harness = new EngineHarness(fromFetch(fetch));
    await harness.process([TRACED]);
    expect(seen).toEqual([{ ...trace, metadata: {} }]);
    expect(harness.event.data).toBe(`${traceparent} ${tracestate}`);
  });

  test('reaches the output queue, the webhook and the event bus with the outcome', async () => {
    const { harness, webhooks, failureBus } = notifying(refusing);
    await harness.process([TRACED]);
    expect(harness.event).toMatchObject(trace);
    const [webhook] = webhooks.messages.map(({ body }) => decodeWebhook(body));
    expect(webhook).toMatchObject(trace);
    expect(JSON.parse(webhook?.body ?? '')).toMatchObject({ data: { traceparent } });
    expect(failureBus.events.map(({ json }) => JSON.parse(json))).toMatchObject([trace]);
  });

  test('is on every log line of the request', async () => {
    let attempts = 0;
    const { harness } = notifying(async (request) => {
      request.logger.info('At work');
      request.progress(0.5);
      if (++attempts === 1) throw new Error('not now');
      throw new PermanentError('no');
    });
    await harness.process([TRACED]);
    await harness.process([{ ...TRACED, deliveryCount: 2 }]);
    const lines = harness.logger.lines.filter(({ fields }) => 'requestId' in fields);
    expect(lines.map(({ message }) => message)).toEqual([
      'At work',
      'Progress',
      'Attempt failed and will be retried',
      'At work',
      'Progress',
      'Request failed',
    ]);
    for (const { fields } of lines) expect(fields).toMatchObject({ requestId: 'r-1', traceId: TRACE_ID });
  });
});

describe('the trace of a message that X-Ray traces', () => {
  const ofXRay = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
  const traceOf = (request: ProcessorRequest) => request.traceparent ?? 'none';

  test.each([
    ['says which it is in', TRACED, traceparent],
    ['says nothing', requestDelivery('r-1'), ofXRay],
  ])('a request that %s', async (_, message, expected) => {
    const harness = new EngineHarness(traceOf);
    await harness.process([{ ...message, trace: { traceparent: ofXRay } }]);
    expect(harness.event).toMatchObject({ data: expected, traceparent: expected });
  });
});

describe('the trace of an upload', () => {
  const traceOf = (request: ProcessorRequest) => request.traceparent ?? 'none';

  test('comes from its object', async () => {
    const { harness } = uploadedWith(trace, traceOf);
    await harness.process([UPLOAD]);
    expect(harness.event).toMatchObject({ data: traceparent, ...trace });
  });

  test('is in its failure as well, and in the republished outcome', async () => {
    const { harness } = uploadedWith(trace, refusing);
    await harness.process([UPLOAD]);
    await harness.process([{ ...UPLOAD, deliveryCount: 2 }]);
    expect(harness.events).toMatchObject([trace, trace]);
  });

  test('is ignored if the object has an invalid trace parent', async () => {
    const { harness } = uploadedWith({ traceparent: 'what is that' }, traceOf);
    await harness.process([UPLOAD]);
    expect(harness.event).toMatchObject({ data: 'none' });
    expect(harness.event.traceparent).toBeUndefined();
  });

  test('comes from its message rather than its object', async () => {
    const { harness } = uploadedWith(
      { traceparent: `00-${'1'.repeat(32)}-b7ad6b7169203331-01`, tracestate: 'of=another' },
      traceOf,
    );
    const event = { specversion: '1.0', id: 'ce-1', source: '/shop', type: 'order', traceparent };
    await harness.process([delivery(JSON.stringify({ ...event, dataref: 's3://payloads/requests/a' }))]);
    expect(harness.event).toMatchObject({ data: traceparent, traceparent });
    expect(harness.event).not.toHaveProperty('tracestate');
  });
});
