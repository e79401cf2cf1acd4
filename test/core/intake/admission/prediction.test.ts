import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  completionsPerSecond,
  measuredWork,
  requestsAhead,
} from '../../../../lib/core/intake/admission/prediction.ts';

const CAPACITY = { firstSlots: 50, reachableSlots: 3_050, timeoutSeconds: 60 };

const works = fc.record({
  completed: fc.nat(1e9),
  handled: fc.nat(1e9),
  milliseconds: fc.nat(1e12),
  releases: fc.constant(1),
  squares: fc.constant(0),
  windows: fc.constant([]),
  seconds: fc.double({ min: 60, max: 70, noNaN: true }),
});

describe('the rate', () => {
  test.each([
    ['nothing done: as many slots as there can be, each as long as may be', [0, 0, 0, 60], 3_050 / 60],
    ['nothing handled: the same, however much was completed', [1_000, 0, 0, 60], 3_050 / 60],
    ['attempts, all to be made again: at their pace', [0, 6, 12_000, 60], 25],
    ['little done: what the first slots can do at that pace', [6, 6, 12_000, 60], 25],
    ['attempts that failed are no part of it', [3, 6, 12_000, 60], 25],
    ['nor is what was completed unhandled', [1_000, 6, 12_000, 60], 25],
    ['much done', [6_000, 6_000, 12_000_000, 60], 100],
    ['much done, in a little more than a minute', [6_900, 6_900, 13_800_000, 69], 100],
    ['much completed unhandled', [6_000, 6, 12_000, 60], 100],
    ['done in no time the clock can show', [6, 6, 0, 60], 50_000],
  ])('%s', (_, [completed = 0, handled = 0, milliseconds = 0, seconds = 0], rate) => {
    const recent = { completed, handled, milliseconds, releases: 1, squares: 0, windows: [], seconds };
    expect(completionsPerSecond(recent, CAPACITY)).toBeCloseTo(rate, 9);
  });

  test('is never less than what was done, nor without end', () => {
    fc.assert(
      fc.property(works, fc.integer({ min: 1, max: 1_000 }), (recent, slots) => {
        const capacity = { firstSlots: slots, reachableSlots: slots, timeoutSeconds: 900 };
        const rate = completionsPerSecond(recent, capacity);
        expect(rate).toBeGreaterThanOrEqual(recent.completed / recent.seconds);
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThan(Number.POSITIVE_INFINITY);
      }),
    );
  });
});

describe('requests ahead', () => {
  const BACKLOG = { waiting: 21, inFlight: 100_000 };

  test.each([
    ['nothing known: in flight may be what the slots hold that there can be', undefined, 3_050],
    ['nothing handled: the same', [1_000, 0, 0, 60], 3_050],
    ['little handled: what the first slots hold', [6, 6, 12_000, 60], 50],
    ['26 slots busy, not quite: twice as many', [900, 900, 1_501_000, 60], 52],
    ['the same in a little more than a minute', [900, 900, 1_726_150, 69], 52],
    ['1,000 slots busy', [900, 900, 60_000_000, 60], 2_000],
  ])('%s', (_, work, most) => {
    const [completed = 0, handled = 0, milliseconds = 0, seconds = 0] = work ?? [];
    const recent = work && {
      completed,
      handled,
      milliseconds,
      releases: 1,
      squares: 0,
      windows: [],
      seconds,
    };
    expect(requestsAhead(BACKLOG, recent, CAPACITY)).toBe(21 + most);
    expect(requestsAhead({ ...BACKLOG, inFlight: most - 1 }, recent, CAPACITY)).toBe(20 + most);
  });

  test('are at least those not in flight, and at most all', () => {
    const backlogs = fc.record({ waiting: fc.nat(1e6), inFlight: fc.nat(1e6) });
    fc.assert(
      fc.property(backlogs, works, (backlog, recent) => {
        const { waiting, inFlight } = backlog;
        const ahead = requestsAhead(backlog, recent, CAPACITY);
        expect(ahead).toBeGreaterThanOrEqual(waiting + Math.min(inFlight, CAPACITY.firstSlots));
        expect(ahead).toBeLessThanOrEqual(waiting + inFlight);
      }),
    );
  });
});

describe('what attempts took', () => {
  const recent = { completed: 3, handled: 4, milliseconds: 6_000, releases: 4, squares: 0, seconds: 65 };

  test('is the mean of those whose handler ran', () => {
    expect(measuredWork({ ...recent, windows: [] })).toEqual({
      seconds: 65,
      attempts: 4,
      completed: 3,
      meanAttemptSeconds: 1.5,
    });
  });

  test('is unknown if none ran', () => {
    expect(measuredWork({ ...recent, handled: 0, milliseconds: 0, windows: [] })).toBeUndefined();
  });
});
