import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastRun, nextRun, type Recurrence, runId } from '../../../lib/core/model/schedule.ts';
import { START } from '../../support/test-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function every(everyMinutes: number, given: Partial<Recurrence> = {}): Recurrence {
  return { everyMinutes, timeZone: 'UTC', createdAt: START, ...given };
}

test('the runs of an interval are counted from the creation, or from the start', () => {
  expect(nextRun(every(15), START)).toBe(START + 15 * MINUTE);
  expect(nextRun(every(15), START + 15 * MINUTE)).toBe(START + 30 * MINUTE);
  const startAt = START + 7 * MINUTE;
  expect(nextRun(every(15, { startAt }), START)).toBe(startAt);
  expect(nextRun(every(15, { startAt }), startAt)).toBe(startAt + 15 * MINUTE);
});

test('no run is before the start or after the end', () => {
  const daily = { cron: '0 0 * * *', timeZone: 'UTC', createdAt: START };
  const midnight = Date.UTC(2026, 1, 1);
  expect(nextRun(daily, START)).toBe(midnight);
  expect(nextRun({ ...daily, startAt: midnight }, START)).toBe(midnight);
  expect(nextRun({ ...daily, startAt: midnight + 1 }, START)).toBe(midnight + 24 * HOUR);
  expect(nextRun({ ...daily, endAt: midnight }, START)).toBe(midnight);
  expect(nextRun({ ...daily, endAt: midnight - 1 }, START)).toBeUndefined();
});

test('the last run is the one that all runs one after another end with', () => {
  const recurrences = fc.constantFrom<Recurrence>(
    every(7),
    every(1_000),
    { cron: '*/5 * * * *', timeZone: 'UTC', createdAt: START },
    { cron: '0 3 * * MON', timeZone: 'Europe/Berlin', createdAt: START },
  );
  const spans = fc.integer({ min: 0, max: 20 * 24 * HOUR });
  fc.assert(
    fc.property(recurrences, spans, (recurrence, span) => {
      let last: number | undefined;
      for (
        let at = nextRun(recurrence, START);
        at !== undefined && at <= START + span;
        at = nextRun(recurrence, at)
      ) {
        last = at;
      }
      expect(lastRun(recurrence, START + 1, START + span)).toBe(last);
    }),
    { numRuns: 20 },
  );
});

test('a run has one id', () => {
  expect(runId({ name: 'nightly' }, START)).toBe('nightly.2026-01-31T12:00:00Z');
});
