import { processor } from 'coatcheck';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DownstreamUnavailable, PermanentError } from '../../../lib/core/base/errors.ts';
import { MAX_HISTORY_ATTEMPTS } from '../../../lib/core/model/attempt-history.ts';
import type { ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { TestService } from '../../../lib/testing/test-service.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { RecordedSpans } from '../../support/recorded-spans.ts';

/** What each attempt of a request does, in order. */
type Plan = readonly ('fail' | 'crash' | 'permanent' | 'succeed')[];

/** Runs requests by a plan. The process crashes before the handler of an attempt that is to crash does anything. */
function planned(plan: Plan, maxAttempts = 3) {
  const crashAfter = (attempts: number) => {
    const next = plan.slice(attempts);
    const times = next.findIndex((step) => step !== 'crash');
    const crashes = times < 0 ? next.length : times;
    if (crashes > 0) service.inject('crash-in-handler', { times: crashes });
  };
  const handler = processor((request: ProcessorRequest) => {
    const step = plan[request.attempt - 1];
    crashAfter(request.attempt);
    if (step === 'fail') throw new RangeError(`attempt ${request.attempt}`);
    if (step === 'permanent') throw new PermanentError('never', { code: 'card_expired' });
    return 'done';
  });
  const service: TestService = new TestService(handler, { settings: { maxAttempts } });
  crashAfter(0);
  return service;
}

async function historyOf(service: TestService, id: string) {
  const { attemptHistory = [] } = (await service.request(id)) ?? {};
  return attemptHistory;
}

test('each attempt is in the history of its request: failures, deaths and the end', () => {
  const steps = fc.array(fc.constantFrom('fail' as const, 'crash' as const), { maxLength: 12 });
  const last = fc.constantFrom('succeed' as const, 'permanent' as const);
  return fc.assert(
    fc.asyncProperty(steps, last, async (before, end) => {
      const plan = [...before, end];
      const service = planned(plan, 20);
      const { id } = await service.submit('x');
      await service.drain({ skipDelays: true });
      const history = await historyOf(service, id);
      const errorOf = { succeed: undefined, permanent: 'card_expired', fail: 'RangeError', crash: undefined };
      expect(
        history.map(({ number, endedAt, error }) => [number, endedAt !== undefined, error?.code]),
      ).toEqual(plan.map((step, index) => [index + 1, step !== 'crash', errorOf[step]]));
      const times = history.flatMap(({ startedAt, endedAt = startedAt }) => [+startedAt, +endedAt]);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
    }),
    { numRuns: 20 },
  );
});

test('a claim that only records that the attempts are used up is none of them', async () => {
  const service = planned(['crash', 'crash', 'crash']);
  const { id } = await service.submit('x');
  await service.drain({ skipDelays: true });
  expect(service.outcome(id)).toMatchObject({ status: 'failed' });
  const history = await historyOf(service, id);
  expect(history.map(({ number, endedAt }) => [number, endedAt])).toEqual([
    [1, undefined],
    [2, undefined],
    [3, undefined],
  ]);
});

test('a redrive keeps the attempts before it, and marks its first one', async () => {
  const service = planned(['fail', 'fail', 'fail', 'fail', 'succeed']);
  const { id } = await service.submit('x');
  await service.drain({ skipDelays: true });
  expect(service.redrive()).toBe(1);
  await service.drain({ skipDelays: true });
  const history = await historyOf(service, id);
  expect(history.map(({ number, redrive, error }) => [number, redrive, error?.message])).toEqual([
    [1, undefined, 'attempt 1'],
    [2, undefined, 'attempt 2'],
    [3, undefined, 'attempt 3'],
    [4, 1, 'attempt 4'],
    [5, undefined, undefined],
  ]);
});

test('the latest attempts stay when there are many', async () => {
  const plan = [...Array.from({ length: 24 }, () => 'fail' as const), 'succeed' as const];
  const service = planned(plan, 100);
  const { id } = await service.submit('x');
  await service.drain({ skipDelays: true });
  const numbers = (await historyOf(service, id)).map(({ number }) => number);
  expect(numbers).toHaveLength(MAX_HISTORY_ATTEMPTS);
  expect([numbers[0], numbers.at(-1)]).toEqual([6, 25]);
});

describe('what is no attempt is not in the history', () => {
  test('waiting for its time, and expiring before it starts', async () => {
    const service = planned(['succeed']);
    const notBefore = new Date(service.now.getTime() + 3_600_000);
    const late = await service.submit('late', { notBefore });
    const expired = await service.submit('expired', { expiresAt: service.now });
    await service.drain({ skipDelays: true });
    expect(await historyOf(service, late.id)).toMatchObject([{ number: 1, startedAt: notBefore }]);
    expect(service.outcome(expired.id)).toMatchObject({ status: 'expired' });
    expect(await historyOf(service, expired.id)).toEqual([]);
  });

  test('recording the outcome of an attempt that could not', async () => {
    const harness = new EngineHarness(() => {
      harness.clock.advanceSeconds(2);
      harness.records.faults.inject('write', 'fails before');
      return 'done';
    });
    const at = harness.clock.now();
    await harness.process([requestDelivery('r-1')]);
    expect(harness.records.record('r-1')?.history).toEqual([{ n: 1, at }]);
    harness.clock.advanceSeconds(120);
    await harness.processElsewhere([requestDelivery('r-1', {}, { deliveryCount: 2 })]);
    expect(harness.records.record('r-1')).toMatchObject({
      status: 'succeeded',
      history: [{ n: 1, at, ms: 2_000 }],
    });
  });
});

test('an attempt that a dependency failed is marked as one that does not count', async () => {
  let isDown = true;
  const service: TestService = new TestService(
    processor(() => {
      if (isDown) throw new DownstreamUnavailable('the ledger');
      return 'done';
    }),
  );
  const { id } = await service.submit('x');
  await service.drain();
  isDown = false;
  await service.drain({ skipDelays: true });
  const [first, ...more] = await historyOf(service, id);
  expect(first).toMatchObject({ number: 1, uncounted: true, error: { code: 'downstream_unavailable' } });
  expect(more).toMatchObject([{ number: 2 }]);
  expect(more[0]).not.toHaveProperty('uncounted');
});

test('an attempt that is traced apart from its request has its span', async () => {
  const spans = new RecordedSpans();
  const harness = new EngineHarness(() => 'done');
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const attributes = { RequestId: 'r-2', traceparent };
  await harness.process([requestDelivery('r-1'), requestDelivery('r-2', {}, { attributes })]);
  const { traceId, spanId } = spans.of('r-1').spanContext();
  expect(harness.records.record('r-1')?.history).toMatchObject([
    { traceparent: `00-${traceId}-${spanId}-01` },
  ]);
  // Its trace is that of the request.
  expect(harness.records.record('r-2')?.history).toEqual([{ n: 1, at: harness.clock.now(), ms: 0 }]);
});
