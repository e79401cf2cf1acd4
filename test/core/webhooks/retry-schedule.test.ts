import fc from 'fast-check';
import { expect, test } from 'vitest';
import { webhookWaitSeconds } from '../../../lib/core/webhooks/retry-schedule.ts';

const DAY = 86_400;
const asked = fc.oneof(fc.integer({ min: 0, max: 7 * DAY }), fc.constant(Number.MAX_SAFE_INTEGER));
const luck = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('ten attempts, the first at once', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((attempt) => webhookWaitSeconds(attempt, 0, 0));
  expect(waits).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, DAY, undefined]);
});

test('chance adds up to a fifth', () => {
  expect(webhookWaitSeconds(2, 0, 0.5)).toBe(330);
  expect(webhookWaitSeconds(2, 0, 1 - Number.EPSILON)).toBe(360);
});

test('whole seconds, never sooner than planned or asked for, never more than a day', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), asked, luck, (attempt, askedSeconds, random) => {
      const planned = webhookWaitSeconds(attempt, 0, 0) ?? Number.NaN;
      const wait = webhookWaitSeconds(attempt, askedSeconds, random);
      expect(Number.isInteger(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(Math.min(DAY, Math.max(planned, askedSeconds)));
      expect(wait).toBeLessThanOrEqual(DAY);
    }),
  );
});

test('after the last attempt there is none, whatever is asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 1_000 }), asked, luck, (attempt, askedSeconds, random) => {
      expect(webhookWaitSeconds(attempt, askedSeconds, random)).toBeUndefined();
    }),
  );
});
