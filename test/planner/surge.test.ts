import { expect, test } from 'vitest';
import { steadyState } from '../../lib/planner/steady-state.ts';
import { forecastSurge, type Surge } from '../../lib/planner/surge.ts';
import type { Workload } from '../../lib/planner/workload.ts';
import { workload } from './workload.ts';

function forecast(changes: Partial<Workload>, surge: Surge) {
  const changed = workload(changes);
  return forecastSurge(changed, steadyState(changed, 0), surge);
}

test('ten times the rate for half an hour, with capacity for two and a half times', () => {
  // 50 batches of 10 at 1 s each give 500/s. 2,000/s arrive: the excess of 1,500/s over 1,800 s is 2.7 million.
  // Then 300/s are free, which takes 9,000 s: 10,800 s in total. The last request of the surge waits for the
  // 2.7 million before it at 500/s: 5,400 s.
  const surge = { extraRequests: 9 * 200 * 1_800, seconds: 1_800 };
  const { drainedSeconds, ...rest } = forecast({ maxConcurrency: 50 }, surge);
  expect(within(drainedSeconds, 10_800, 0.01)).toBe(true);
  expect(within(rest.deepestWaiting, 2_700_000, 0.01)).toBe(true);
  expect(within(rest.deepestSeconds, 1_800, 0.01)).toBe(true);
  expect(within(rest.longestWaitSeconds, 5_400, 0.01)).toBe(true);
  expect(rest.mostBatches).toBe(50);
});

test('requests that take two attempts are worked off half as fast', () => {
  const surge = { extraRequests: 9 * 200 * 1_800, seconds: 1_800 };
  const twice = forecast({ maxConcurrency: 100, attempts: 2 }, surge);
  expect(within(twice.drainedSeconds, 10_800, 0.01)).toBe(true);
  expect(within(twice.deepestWaiting, 2_700_000, 0.01)).toBe(true);
});

test('a hundred million requests at once', () => {
  // Scaling from 20 batches to 1,250 takes 246 s, with half the added capacity on average: this loses
  // 246 s × 1,230 ÷ 2 ÷ 1,250 = 121 s. At 12,500/s, of which usual requests use 200/s, it takes 8,130 s more.
  const { drainedSeconds, ...rest } = forecast({}, { extraRequests: 100_000_000, seconds: 0 });
  expect(within(drainedSeconds, 8_130 + 121 * (12_500 / 12_300), 0.005)).toBe(true);
  expect(rest.fullySecondsAfter).toBeGreaterThanOrEqual(246);
  expect(rest.fullySecondsAfter).toBeLessThan(248);
  expect(rest.mostBatches).toBe(1_250);
});

test('a surge that exceeds the capacity never drains', () => {
  const { drainedSeconds } = forecast({ maxConcurrency: 10 }, { extraRequests: 1_000, seconds: 0 });
  expect(drainedSeconds).toBeUndefined(); // 100/s of 200/s
});

test('the forecast is deterministic', () => {
  const surge = { extraRequests: 50_000, seconds: 10 };
  expect(forecast({}, surge)).toEqual(forecast({}, surge));
});

test('the timeline is sorted and short, and contains the peak', () => {
  const { timeline, deepestWaiting } = forecast({}, { extraRequests: 1_000_000, seconds: 60 });
  const seconds = timeline.map((point) => point.seconds);
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  expect(timeline.length).toBeLessThan(1_025);
  expect(Math.max(...timeline.map(({ waiting }) => waiting))).toBe(deepestWaiting);
});

function within(actual: number | undefined, expected: number, share: number): boolean {
  return actual !== undefined && Math.abs(actual / expected - 1) < share;
}
