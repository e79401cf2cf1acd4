import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completionsPerSecond } from '../../../lib/core/admission/prediction.ts';

const CAPACITY = { firstSlots: 50, timeoutSeconds: 60 };

test.each([
  ['nothing done: each of the first slots needs the longest time', [0, 0, 60], 50 / 60],
  ['attempts, all to be made again: the same', [0, 9_000_000, 60], 50 / 60],
  ['little done: what the first slots can do at that pace', [6, 12_000, 60], 25],
  ['attempts that failed take their time', [6, 24_000, 60], 12.5],
  ['much done', [6_000, 12_000_000, 60], 100],
  ['much done, in a little more than a minute', [6_900, 13_800_000, 69], 100],
  ['done in no time the clock can show', [6, 0, 60], 50_000],
])('%s', (_, [completed = 0, milliseconds = 0, seconds = 0], rate) => {
  expect(completionsPerSecond({ completed, milliseconds, seconds }, CAPACITY)).toBeCloseTo(rate, 9);
});

test('is never less than what was done, nor without end', () => {
  const work = fc.record({
    completed: fc.nat(1e9),
    milliseconds: fc.nat(1e12),
    seconds: fc.double({ min: 60, max: 70, noNaN: true }),
  });
  fc.assert(
    fc.property(work, fc.integer({ min: 1, max: 1_000 }), (recent, firstSlots) => {
      const rate = completionsPerSecond(recent, { firstSlots, timeoutSeconds: 900 });
      expect(rate).toBeGreaterThanOrEqual(recent.completed / recent.seconds);
      expect(rate).toBeGreaterThan(0);
      expect(rate).toBeLessThan(Number.POSITIVE_INFINITY);
    }),
  );
});
