import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { encodeSubmission } from '../../../lib/core/wire/submission.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { MemoryMetrics } from '../../support/memory-metrics.ts';
import { START } from '../../support/test-clock.ts';

function service(handler: Handler, options: HarnessOptions = {}) {
  const metrics = new MemoryMetrics();
  const harness = new EngineHarness(handler, { ...options, ports: { metrics, ...options.ports } });
  return { harness, metrics };
}

test('a batch emits outcomes, retries and the number of messages', async () => {
  const { harness, metrics } = service(({ id }) => {
    if (id === 'retried') throw new Error('not now');
    if (id === 'failed') throw new PermanentError('never', { code: 'csv_invalid' });
  });
  await harness.process(['one', 'two', 'retried', 'failed'].map((id) => requestDelivery(id)));
  expect(metrics.figures.counts).toEqual({ Succeeded: 2, Failed: 1, Retried: 1, Redelivered: 1 });
  expect(metrics.figures.failures).toEqual(new Map([['handler', 1]]));
  expect(metrics.figures.values.BatchSize).toEqual([4]);
});

test('wait starts when the message is sent, and service time is that of the attempt', async () => {
  const { harness, metrics } = service(() => harness.clock.advanceSeconds(3));
  harness.clock.advanceSeconds(10);
  await harness.process([requestDelivery('one', {}, { sentAt: START })]);
  const { Wait, ServiceTime, EndToEnd } = metrics.figures.values;
  expect({ Wait, ServiceTime, EndToEnd }).toEqual({
    Wait: [10_000],
    ServiceTime: [3_000],
    EndToEnd: [13_000],
  });
});

test('messages of the same request share its run, which is measured once', async () => {
  const { harness, metrics } = service(() => undefined);
  const sent = (id: string, sentAt: number) => requestDelivery('one', {}, { id, sentAt });
  await harness.process([sent('first', START - 9_000), sent('again', START - 2_000)]);
  expect(metrics.figures.values).toMatchObject({ Wait: [9_000], EndToEnd: [9_000] });
});

test('the end-to-end time starts at submission, however late the message is sent', async () => {
  const { harness, metrics } = service(() => undefined);
  const submission = {
    id: 'one',
    source: '',
    submittedAt: START - 60_000,
    contentType: 'application/json',
    metadata: {},
    payload: { bytes: Buffer.from('{}') },
  } as const;
  await harness.process([
    delivery(encodeSubmission(submission, harness.settings), { sentAt: START - 1_000 }),
  ]);
  expect(metrics.figures.values).toMatchObject({ Wait: [1_000], EndToEnd: [60_000] });
});

test('a failed attempt has a service time as well', async () => {
  const { harness, metrics } = service(() => {
    harness.clock.advanceSeconds(2);
    throw new Error('not now');
  });
  await harness.process([requestDelivery('one')]);
  expect(metrics.figures.values).toMatchObject({ ServiceTime: [2_000], EndToEnd: [] });
});

test('a request that expires before it starts has no service time', async () => {
  const { harness, metrics } = service(() => undefined);
  const expired = requestDelivery('one');
  const attributes = { ...expired.attributes, ExpiresAt: new Date(START - 1).toISOString() };
  await harness.process([{ ...expired, attributes }]);
  expect(harness.statuses).toEqual({ one: 'expired' });
  expect(metrics.figures).toMatchObject({ counts: { Expired: 1 }, values: { ServiceTime: [] } });
});

test('a dead-lettered request is a failure and a dead letter', async () => {
  const { harness, metrics } = service(
    () => {
      throw new Error('never');
    },
    { maxAttempts: 1 },
  );
  await harness.process([requestDelivery('one')]);
  await harness.process([requestDelivery('one', {}, { deliveryCount: 2 })]);
  expect(metrics.emitted.map(({ counts }) => counts)).toEqual([
    { Succeeded: 0, Failed: 1, DeadLettered: 1 },
    // A second delivery publishes its failure again, but adds no dead letter.
    { Succeeded: 0, Failed: 1 },
  ]);
  expect(metrics.emitted.map(({ values }) => values.Wait.length)).toEqual([1, 0]);
  expect(metrics.emitted[0]?.failures).toEqual(new Map([['attempts_exhausted', 1]]));
});

test('an unpublished outcome is not counted', async () => {
  const { harness, metrics } = service(() => undefined);
  harness.output.faults.inject('send', 'fails before');
  await harness.process([requestDelivery('one')]);
  expect(metrics.figures).toMatchObject({
    counts: { Succeeded: 0, Failed: 0, Retried: 1, Redelivered: 1 },
    values: { EndToEnd: [] },
  });
});

test('a duplicate that finds a running attempt adds no attempt', async () => {
  const metrics = new MemoryMetrics();
  const slow = new EngineHarness(() => new Promise(() => {}));
  void slow.process([requestDelivery('one')]);
  const { harness } = service(() => undefined, { ports: { metrics, records: slow.records } });
  await new Promise((resolve) => setImmediate(resolve));
  await harness.process([requestDelivery('one', {}, { id: 'duplicate' })]);
  expect(metrics.figures.counts).toEqual({ Succeeded: 0, Failed: 0, Redelivered: 1 });
  expect(metrics.figures.values.Wait).toEqual([]);
});

test('a log line about a failure has the request, its tenant, the code and the attempt', async () => {
  const { harness } = service(({ id }) => {
    throw id === 'failed' ? new PermanentError('never', { code: 'csv_invalid' }) : new TypeError('not now');
  });
  const ofTenant = (id: string, attempt: number) => {
    const delivery = requestDelivery(id, {}, { deliveryCount: attempt });
    return { ...delivery, attributes: { ...delivery.attributes, Tenant: 'acme' } };
  };
  await harness.process([ofTenant('failed', 1), ofTenant('again', 2)]);
  const warnings = harness.logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields);
  expect(warnings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ requestId: 'failed', tenant: 'acme', code: 'csv_invalid', attempt: 1 }),
      expect.objectContaining({ requestId: 'again', tenant: 'acme', attempt: 2 }),
    ]),
  );
});
