import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BacklogTrend } from '../../../../lib/core/intake/admission/backlog-trend.ts';

/** Readings every 5 s of a backlog that grows by so much a second besides what the instance admits. */
function steady(perSecond: number, readings: number): BacklogTrend {
  const trend = new BacklogTrend();
  for (let index = 0; index < readings; index++) {
    const at = index * 5_000;
    trend.note({ requests: 1_000 + 5 * index * (perSecond + 2), admitted: 10 * index, at });
  }
  return trend;
}

test('after the first reading, a backlog may grow or shrink as fast as the service completes requests', () => {
  expect(new BacklogTrend().changeUntil(9_000, 20)).toEqual({ mean: 0, spread: 0 });
  expect(steady(40, 1).changeUntil(4_000, 20)).toEqual({ mean: 0, spread: 80 });
});

test('a backlog goes on as between its latest readings, without what this instance admits', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -100, max: 100 }),
      fc.integer({ min: 0, max: 5_000 }),
      (perSecond, later) => {
        const { mean } = steady(perSecond, 3).changeUntil(10_000 + later, 20);
        expect(mean).toBeCloseTo((perSecond * later) / 1_000, 6);
      },
    ),
  );
});

test('what goes on as before becomes more certain, and what does not less', () => {
  const spreads = [3, 4, 6, 10].map(
    (readings) => steady(20, readings).changeUntil(5_000 * readings, 20).spread,
  );
  expect(spreads).toEqual(spreads.toSorted((one, other) => other - one));
  expect(spreads.at(-1)).toBeLessThan(10);
  const stopped = steady(20, 10);
  stopped.note({ requests: 1_990, admitted: 100, at: 50_000 });
  expect(stopped.changeUntil(55_000, 20).mean).toBe(-10);
  expect(stopped.changeUntil(55_000, 20).spread).toBeGreaterThan(50);
});

test.each([
  ['a minute without a reading', { requests: 9_000, admitted: 0, at: 71_000 }],
  ['a clock that was set back', { requests: 9_000, admitted: 0, at: 1_000 }],
])('begins anew after %s', (_, reading) => {
  const trend = steady(20, 3);
  trend.note(reading);
  expect(trend.changeUntil(reading.at + 5_000, 20)).toEqual({ mean: 0, spread: 100 });
});

test('a reading that is no number changes nothing', () => {
  const trend = steady(20, 3);
  const before = trend.changeUntil(12_000, 20);
  trend.note({ requests: Number.NaN, admitted: 40, at: 11_000 });
  expect(trend.changeUntil(12_000, 20)).toEqual(before);
});
