import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Circumstances,
  isClosed,
  refusalOf,
  retryAfterSeconds,
} from '../../../../lib/core/intake/admission/refusal.ts';

const LONG = Number.POSITIVE_INFINITY;

function circumstances(predictedWaitSeconds: number | undefined, given: Partial<Circumstances> = {}) {
  const load = { predictedWaitSeconds, maxWaitSeconds: 100 };
  return { load, closed: false, overShare: false, secondsLeft: LONG, ...given };
}

describe('admission', () => {
  test.each([
    [100, false, false],
    [100.1, false, true],
    [80, true, true],
    [79.9, true, false],
    [undefined, true, false],
  ])('at a wait of %s, closed before: %s, closed: %s', (predictedWaitSeconds, wasClosed, closed) => {
    expect(isClosed({ predictedWaitSeconds, maxWaitSeconds: 100 }, wasClosed)).toBe(closed);
  });

  test('does not flap while the wait stays within a fifth of the bound', () => {
    const waits = fc.array(fc.double({ min: 80, max: 100, noNaN: true }));
    fc.assert(
      fc.property(waits, fc.boolean(), (predicted, first) => {
        let closed = first;
        for (const predictedWaitSeconds of predicted) {
          closed = isClosed({ predictedWaitSeconds, maxWaitSeconds: 100 }, closed);
          expect(closed).toBe(first);
        }
      }),
    );
  });

  test('is never open above the bound, and a longer wait never opens it', () => {
    const wait = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(wait, wait, fc.boolean(), (one, other, wasClosed) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const at = (predictedWaitSeconds: number) =>
          isClosed({ predictedWaitSeconds, maxWaitSeconds: 100 }, wasClosed);
        if (more > 100) expect(at(more)).toBe(true);
        if (at(less)) expect(at(more)).toBe(true);
      }),
    );
  });
});

test.each([
  ['an open admission', circumstances(100), undefined],
  ['a closed admission', circumstances(100, { closed: true }), { reason: 'overloaded', excessSeconds: 20 }],
  ['enough time left', circumstances(30, { secondsLeft: 30 }), undefined],
  [
    'too little time left',
    circumstances(30, { secondsLeft: 20 }),
    { reason: 'overloaded', excessSeconds: 10 },
  ],
  ['more than a share, with short waits', circumstances(50, { overShare: true }), undefined],
  [
    'more than a share, while others wait',
    circumstances(60, { overShare: true }),
    { reason: 'tenant_over_share', excessSeconds: 10 },
  ],
  [
    'more than a share with admission closed',
    circumstances(90, { overShare: true, closed: true }),
    { reason: 'overloaded', excessSeconds: 10 },
  ],
  ['an unknown wait', circumstances(undefined, { overShare: true, secondsLeft: 0 }), undefined],
])('%s', (_, given, refusal) => {
  expect(refusalOf(given)).toEqual(refusal);
});

describe('the time to retry after', () => {
  test.each([
    [0, 0, 1],
    [40, 0, 40],
    [40, 0.5, 60],
    [40, 0.999, 80],
    [10.1, 0, 11],
    [100_000, 0, 150],
    [100_000, 0.999, 300],
  ])('an excess of %s s and a random number of %s give %s s', (excess, random, seconds) => {
    expect(retryAfterSeconds(excess, random)).toBe(seconds);
  });

  test('is a whole number of seconds from 1 to 300, and at least the excess', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const excess = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(excess, random, (seconds, luck) => {
        const after = retryAfterSeconds(seconds, luck);
        expect(Number.isInteger(after)).toBe(true);
        expect(after).toBeGreaterThanOrEqual(1);
        expect(after).toBeLessThanOrEqual(300);
        if (seconds <= 150) expect(after).toBeGreaterThanOrEqual(seconds);
      }),
    );
  });
});
