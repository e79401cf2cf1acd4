import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventSourceScaling } from '../../lib/core/config/event-source-scaling.ts';
import { type Moment, type Simulated, simulate } from '../../lib/planner/simulation.ts';

/** All at the beginning. */
function burstOf(messages: number): Simulated['arrivals'] {
  return (from) => (from < 0 ? messages : 0);
}

function take(count: number, simulated: Simulated): Moment[] {
  const moments = simulate(simulated);
  return Array.from({ length: count }, () => moments.next().value);
}

/** When everything is done, if that is within the steps. */
function doneSeconds(simulated: Simulated, messages: number, steps = 100_000): number {
  for (const { done, seconds } of simulate(simulated)) {
    if (done === messages) return seconds;
    if (steps-- === 0) break;
  }
  return Number.POSITIVE_INFINITY;
}

const fixed = (batches: number) => ({ firstBatches: batches, moreBatchesAMinute: 0, maxBatches: batches });

const simulations = fc.record({
  batchSize: fc.integer({ min: 1, max: 10_000 }),
  batchSeconds: fc.double({ min: 0.01, max: 100, noNaN: true }),
  scaling: fc.record({
    firstBatches: fc.integer({ min: 1, max: 50 }),
    moreBatchesAMinute: fc.integer({ min: 0, max: 1_000 }),
    maxBatches: fc.integer({ min: 1, max: 1_250 }),
  }),
  stepSeconds: fc.double({ min: 0.01, max: 10, noNaN: true }),
  counts: fc.array(fc.integer({ min: 0, max: 500_000 }), { minLength: 1, maxLength: 50 }),
});

test('what arrived is done, waiting or running, and no limit is ever passed', () => {
  fc.assert(
    fc.property(simulations, ({ counts, ...simulated }) => {
      let next = 0;
      let sent = 0;
      const arrivals = () => {
        const count = counts[next++] ?? 0;
        sent += count;
        return count;
      };
      const moments = take(200, { ...simulated, arrivals });
      expect(moments.at(-1)?.arrived).toBe(sent);
      for (const moment of moments) {
        const { arrived, waiting, running, done, batches, allowedBatches } = moment;
        expect(done + waiting + running).toBe(arrived);
        expect(Math.min(waiting, running, done, moment.longestWaitSeconds)).toBeGreaterThanOrEqual(0);
        expect(running).toBeLessThanOrEqual(Math.min(120_000, batches * simulated.batchSize));
        expect(batches).toBeLessThanOrEqual(allowedBatches);
        expect(allowedBatches).toBeLessThanOrEqual(simulated.scaling.maxBatches);
      }
    }),
  );
});

test('more batches at a time never drain a burst later', () => {
  const cases = fc.tuple(
    fc.integer({ min: 1, max: 2_000 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 40 }),
  );
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 20 }), ([messages, batchSize, batches], more) => {
      const burst = { batchSize, batchSeconds: 1, stepSeconds: 0.25, arrivals: burstOf(messages) };
      const few = doneSeconds({ ...burst, scaling: fixed(batches) }, messages);
      const many = doneSeconds({ ...burst, scaling: fixed(batches + more) }, messages);
      expect(many).toBeLessThanOrEqual(few);
    }),
  );
});

test('a larger burst is never done earlier, nor a higher rate less deep', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 0, max: 2_000 }));
  fc.assert(
    fc.property(sizes, ([messages, more]) => {
      const source = { batchSize: 10, batchSeconds: 1, stepSeconds: 0.25, scaling: fixed(5) };
      const burst = (size: number) => doneSeconds({ ...source, arrivals: burstOf(size) }, size);
      expect(burst(messages + more)).toBeGreaterThanOrEqual(burst(messages));
      const deepest = (each: number) =>
        Math.max(...take(100, { ...source, arrivals: () => each }).map(({ waiting }) => waiting));
      expect(deepest(messages + more)).toBeGreaterThanOrEqual(deepest(messages));
    }),
  );
});

test('a burst is worked off in rounds', () => {
  // 600 messages, 5 batches of 10 at a time: 12 rounds of 1 s; the last begins after 11.
  const burst = { batchSize: 10, batchSeconds: 1, stepSeconds: 0.1, arrivals: burstOf(600) };
  const moments = take(200, { ...burst, scaling: fixed(5) });
  expect(moments.find(({ waiting }) => waiting === 0)?.seconds).toBeCloseTo(11, 9);
  expect(moments.find(({ done }) => done === 600)?.seconds).toBeCloseTo(12, 9);
  expect(Math.max(...moments.map((moment) => moment.longestWaitSeconds))).toBeCloseTo(10.9, 9);
});

test('Lambda begins with 5 batches, adds 300 a minute, and ends at 1,250', () => {
  const simulated = { batchSize: 10, batchSeconds: 1, stepSeconds: 0.5, arrivals: burstOf(100_000_000) };
  const moments = take(1_000, { ...simulated, scaling: eventSourceScaling() });
  const at = (seconds: number) => moments.find((moment) => moment.seconds === seconds)?.allowedBatches;
  expect(at(0)).toBe(5);
  expect(at(60)).toBe(305);
  expect(at(120)).toBe(605);
  expect(at(248.5)).toBe(1_247);
  expect(at(249)).toBe(1_250); // (1,250 − 5) ÷ 300 of a minute
  expect(at(400)).toBe(1_250);
});

test('provisioned pollers begin with 10 batches each and add 1,000 a minute', () => {
  const scaling = eventSourceScaling({ pollers: { min: 5, max: 200 } });
  const simulated = {
    batchSize: 10,
    batchSeconds: 1,
    stepSeconds: 0.5,
    arrivals: burstOf(100_000_000),
    scaling,
  };
  const moments = take(1_000, simulated);
  const at = (seconds: number) => moments.find((moment) => moment.seconds === seconds)?.allowedBatches;
  expect(at(0)).toBe(50);
  expect(at(60)).toBe(1_050);
  expect(at(116.5)).toBe(1_991);
  expect(at(117.5)).toBe(2_000); // (2,000 − 50) ÷ 1,000 of a minute
  expect(at(400)).toBe(2_000);
});

test('messages in flight end at 120,000', () => {
  const simulated = { batchSize: 1_000, batchSeconds: 10, stepSeconds: 1, arrivals: burstOf(10_000_000) };
  const moments = take(600, { ...simulated, scaling: eventSourceScaling() });
  expect(Math.max(...moments.map(({ running }) => running))).toBe(120_000);
  expect(Math.max(...moments.map(({ batches }) => batches))).toBe(120);
});

test('an event source that leaves no messages does not scale', () => {
  const simulated = { batchSize: 10, batchSeconds: 1, stepSeconds: 1, scaling: eventSourceScaling() };
  const just = take(1_000, { ...simulated, arrivals: () => 50 }); // what 5 batches of 10 take
  expect(just.at(-1)).toMatchObject({ allowedBatches: 5, waiting: 0 });
  const more = take(1_000, { ...simulated, arrivals: () => 51 });
  expect(more.at(-1)?.allowedBatches).toBeGreaterThan(5);
});
