import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DownstreamUnavailable, PermanentError, RetryLater } from '../../../lib/core/base/errors.ts';
import { longestWaitSeconds, retryDelaySeconds } from '../../../lib/core/model/retry.ts';

const BACKOFF = { retryBaseSeconds: 2, retryCapSeconds: 900 };
const backoffs = fc.record({
  retryBaseSeconds: fc.integer({ min: 1, max: 43_200 }),
  retryCapSeconds: fc.integer({ min: 1, max: 43_200 }),
});
const luck = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a wait is whole seconds, and never above the cap', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), backoffs, luck, (attempt, backoff, random) => {
      const delay = retryDelaySeconds(new Error(), attempt, backoff, random);
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(backoff.retryCapSeconds);
    }),
  );
});

test('what is down is waited for at least half of the bound: SQS counts every look', () => {
  const error = new DownstreamUnavailable('no database');
  expect([0, 0.5, 1 - Number.EPSILON].map((random) => retryDelaySeconds(error, 3, BACKOFF, random))).toEqual([
    4, 6, 8,
  ]);
});

test.each([
  [1, 2],
  [2, 4],
  [3, 8],
  [8, 256],
  [9, 512],
  [10, 900],
  [500, 900],
])('after attempt %i the bound is %i s', (attempt, bound) => {
  expect(retryDelaySeconds(new Error(), attempt, BACKOFF, 1 - Number.EPSILON)).toBe(bound);
  expect(retryDelaySeconds(new Error(), attempt, BACKOFF, 0.5)).toBe(bound / 2);
  expect(retryDelaySeconds(new Error(), attempt, BACKOFF, 0)).toBe(0);
});

test.each([undefined, null, 'text', 5, new PermanentError('x'), { delaySeconds: 5 }])(
  'whatever else was thrown has the same wait: %j',
  (thrown) => {
    expect(retryDelaySeconds(thrown, 1, BACKOFF, 0.5)).toBe(1);
  },
);

test('RetryLater has the wait it names, rounded up, whatever the backoff', () => {
  const delays = fc.nat({ max: 100_000_000 }).map((milliseconds) => milliseconds / 1000);
  fc.assert(
    fc.property(delays, fc.integer({ min: 1, max: 1_000 }), luck, (seconds, attempt, random) => {
      const delay = retryDelaySeconds(new RetryLater(seconds), attempt, BACKOFF, random);
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay - seconds).toBeGreaterThanOrEqual(0);
      expect(delay - seconds).toBeLessThan(1);
    }),
  );
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])(
  'a wait of %d s is refused where it is asked for',
  (seconds) => {
    expect(() => new RetryLater(seconds)).toThrow(RangeError);
    expect(() => new DownstreamUnavailable('down', { retryAfterSeconds: seconds })).toThrow(RangeError);
  },
);

test.each([
  ['just sent', 0, 1_800],
  ['sent a while ago', 1_801, 899],
  ['about to expire', 3_599, 0],
  ['due to be gone', 4_000, 0],
])('a message that is %s waits half of what is left to it: %s s old, %i s', (_, ageSeconds, longest) => {
  expect(longestWaitSeconds(5_000_000, 3_600, 5_000_000 + ageSeconds * 1_000)).toBe(longest);
});
