import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { MemoryTracer } from '../../support/memory-tracer.ts';
import { START } from '../../support/set-chance.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function tracing(handler: Handler) {
  const tracer = new MemoryTracer();
  return { tracer, harness: new EngineHarness(handler, { ports: { tracer } }) };
}

test('every request of a batch is traced, each with its own trace and time', async () => {
  const { tracer, harness } = tracing(async (request) => {
    if (request.id === 'r-2') harness.chance.advanceSeconds(2);
    return 'done';
  });
  const attributes = { RequestId: 'r-1', Tenant: 'acme', traceparent };
  await harness.process([requestDelivery('r-1', {}, { attributes })]);
  await harness.process([requestDelivery('r-2', {}, { attempt: 3 })]);
  expect(tracer.attempts).toEqual([
    {
      requestId: 'r-1',
      tenant: 'acme',
      traceparent,
      attempt: 1,
      startedAt: START,
      endedAt: START,
      ended: 'succeeded',
    },
    { requestId: 'r-2', attempt: 3, startedAt: START, endedAt: START + 2_000, ended: 'succeeded' },
  ]);
  expect(tracer.flushed).toBe(2);
});

test('how an attempt ended, and why', async () => {
  const { tracer, harness } = tracing(async (request) => {
    if (request.id === 'refused') throw new PermanentError('no such order', { code: 'order_unknown' });
    if (request.id === 'broken') throw new TypeError('oops');
  });
  await harness.process([
    requestDelivery('fine'),
    requestDelivery('refused'),
    requestDelivery('broken'),
    requestDelivery('late', {}, { attributes: { RequestId: 'late', ExpiresAt: '2020-01-01T00:00:00Z' } }),
    delivery('{"specversion":"1.0"}', { id: 'malformed' }),
  ]);
  const endings = tracer.attempts.map(({ requestId, ended, error }) => [requestId, { ended, error }]);
  expect(Object.fromEntries(endings)).toEqual({
    fine: { ended: 'succeeded' },
    refused: { ended: 'failed', error: { type: 'order_unknown', message: 'no such order' } },
    broken: { ended: 'retried', error: { type: 'TypeError', message: 'oops' } },
    late: { ended: 'expired' },
    malformed: { ended: 'failed', error: { type: 'envelope_malformed', message: expect.any(String) } },
  });
});

test('what doesn’t say which trace it belongs to belongs to that of its sender', async () => {
  const { tracer, harness } = tracing((request) => request.traceparent ?? 'none');
  const own = `00-${'1'.repeat(32)}-b7ad6b7169203331-01`;
  await harness.process([
    requestDelivery('silent', {}, { trace: { traceparent } }),
    requestDelivery(
      'saying',
      {},
      { trace: { traceparent }, attributes: { RequestId: 'saying', traceparent: own } },
    ),
    delivery('{"specversion":"1.0"}', { id: 'malformed', trace: { traceparent } }),
  ]);
  const traces = { silent: traceparent, saying: own, malformed: traceparent };
  expect(Object.fromEntries(harness.events.map((event) => [event.subject, event.traceparent]))).toEqual(
    traces,
  );
  expect(
    Object.fromEntries(tracer.attempts.map(({ requestId, traceparent }) => [requestId, traceparent])),
  ).toEqual(traces);
});

test('a tracer that never answers holds up no batch beyond its time', async () => {
  const silent = { add() {}, flush: () => new Promise<void>(() => {}) };
  const harness = new EngineHarness(() => 'done', { ports: { tracer: silent } });
  expect(await harness.process([requestDelivery('r-1')], 1)).toEqual([]);
  expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
});
