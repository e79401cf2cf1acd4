import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meanWaitSeconds } from '../../lib/planner/erlang.ts';
import { steadyState } from '../../lib/planner/steady-state.ts';
import { workload } from './workload.ts';

test("Little's law, for requests and for batches", () => {
  const steady = steadyState(workload({ ratePerSecond: 200, serviceSeconds: 1.2 }), 0);
  expect(steady.requestsAtOnce).toBe(240); // 200/s × 1.2 s
  expect(steady.batchesAtOnce).toBe(24); // 20 batches a second × 1.2 s
  expect(steady.batchesAtOnceUnfilled).toBe(240); // 200 batches of one a second × 1.2 s
  expect(steady.inFlight).toBe(240); // 24 batches × 10
  expect(steady.maxRatePerSecond).toBeCloseTo(10_416.67, 2); // 1,250 batches × 10 ÷ 1.2 s
  expect(steady.utilisation).toBeCloseTo(0.0192, 6); // 24 ÷ 1,250
});

test('a batch of which not all are handled at once takes several rounds', () => {
  const steady = steadyState(workload({ batchSize: 10, concurrency: 4 }), 0);
  expect(steady.batchSeconds).toBe(3); // 4 + 4 + 2 requests, 1 s each round
  expect(steady.batchesAtOnce).toBe(60); // 20 batches a second × 3 s
  expect(steady.wait.turnSeconds).toBe(1); // 0, 1 or 2 s
});

test.each([
  [{}, 1_250, 'event source'],
  [{ maxConcurrency: 40 }, 40, 'maximum concurrency'],
  [{ batchSize: 96 }, 1_250, 'event source'], // 120,000 ÷ 96 = 1,250
  [{ batchSize: 97 }, 1_237, 'messages in flight'], // 120,000 ÷ 97 = 1,237.1
  [{ batchSize: 10_000 }, 12, 'messages in flight'],
  [{ pollers: { min: 2, max: 300 } }, 3_000, 'provisioned pollers'],
  [{ pollers: { min: 2, max: 2_000 }, batchSize: 10 }, 12_000, 'messages in flight'],
] as const)('%o are bound to %i batches at a time by %s', (changes, maxBatches, boundBy) => {
  expect(steadyState(workload(changes), 0)).toMatchObject({ maxBatches, boundBy });
});

test('a window fills at the rate messages come', () => {
  const slow = steadyState(workload({ batchSize: 100, ratePerSecond: 10 }), 1);
  expect(slow.wait.windowSeconds).toBe(0.5); // the window is over first
  const quick = steadyState(workload({ batchSize: 101, ratePerSecond: 200 }), 1);
  expect(quick.wait.windowSeconds).toBe(0.25); // full 100 messages, 0.5 s, after the first
});

test('Erlang C: known waits', () => {
  expect(meanWaitSeconds(1, 0.5, 1)).toBeCloseTo(1, 12); // M/M/1: ρ ÷ (1 − ρ) = 1
  expect(meanWaitSeconds(2, 1, 1)).toBeCloseTo(1 / 3, 12); // C(2, 1) = 1/3, ÷ (2 − 1)
  expect(meanWaitSeconds(3, 2, 1)).toBeCloseTo(4 / 9, 12); // C(3, 2) = 4/9, ÷ (3 − 2)
  expect(meanWaitSeconds(5, 5, 1)).toBe(Number.POSITIVE_INFINITY);
});

test('a higher rate never needs less, waits less or does more at most', () => {
  const rates = fc.tuple(
    fc.double({ min: 0.01, max: 1e6, noNaN: true }),
    fc.double({ min: 1, max: 10, noNaN: true }),
  );
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 200 }), ([rate, factor], batchSize) => {
      const low = steadyState(workload({ ratePerSecond: rate, batchSize, concurrency: batchSize }), 0);
      const high = steadyState(
        workload({ ratePerSecond: rate * factor, batchSize, concurrency: batchSize }),
        0,
      );
      expect(high.batchesAtOnce).toBeGreaterThanOrEqual(low.batchesAtOnce);
      expect(high.wait.queueSeconds).toBeGreaterThanOrEqual(low.wait.queueSeconds);
      expect(high.maxRatePerSecond).toBe(low.maxRatePerSecond);
    }),
  );
});

test('attempts that fail take as much as those that succeed', () => {
  const once = steadyState(workload({ pollers: { min: 2, max: 50 } }), 1);
  const twice = steadyState(workload({ attempts: 2, pollers: { min: 2, max: 50 } }), 1);
  expect(twice.requestsAtOnce).toBe(400); // 200/s × 2 × 1 s
  expect(twice.utilisation).toBeCloseTo(2 * once.utilisation, 12);
  expect(twice.maxRatePerSecond).toBeCloseTo(once.maxRatePerSecond / 2, 9);
  expect(twice.batchSeconds).toBe(once.batchSeconds);
});
