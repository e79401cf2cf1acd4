import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextOfCron, parseCron } from '../../../lib/core/model/cron.ts';
import { instantOf, timeZoneProblem, wallTimeAt } from '../../../lib/core/model/wall-time.ts';

/** The first runs after a time, as RFC 3339. */
function runs(expression: string, timeZone: string, after: string, count: number): string[] {
  const cron = parseCron(expression);
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count; ) {
    at = nextOfCron(cron, timeZone, at) ?? Number.NaN;
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

describe('the runs of a cron', () => {
  test.each([
    ['* * * * *', ['2026-11-30T12:01Z', '2026-11-30T12:02Z']],
    ['*/20 * * * *', ['2026-11-30T12:20Z', '2026-11-30T12:40Z', '2026-11-30T13:00Z']],
    [
      '10-50/20 9,17 * * *',
      ['2026-11-30T17:10Z', '2026-11-30T17:30Z', '2026-11-30T17:50Z', '2026-12-01T09:10Z'],
    ],
    [
      '30 6 * * MON-FRI',
      [
        '2026-12-01T06:30Z',
        '2026-12-02T06:30Z',
        '2026-12-03T06:30Z',
        '2026-12-04T06:30Z',
        '2026-12-07T06:30Z',
      ],
    ],
    ['0 0 * * 0', ['2026-12-06T00:00Z', '2026-12-13T00:00Z']],
    ['0 0 * * 7', ['2026-12-06T00:00Z', '2026-12-13T00:00Z']],
    ['0 0 * * 5-7', ['2026-12-04T00:00Z', '2026-12-05T00:00Z', '2026-12-06T00:00Z', '2026-12-11T00:00Z']],
    ['0 0 1 * *', ['2026-12-01T00:00Z', '2027-01-01T00:00Z']],
    ['0 0 31 * *', ['2026-12-31T00:00Z', '2027-01-31T00:00Z', '2027-03-31T00:00Z']],
    ['0 0 29 FEB *', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    [
      '5/25 0 1 jan,Jul *',
      ['2027-01-01T00:05Z', '2027-01-01T00:30Z', '2027-01-01T00:55Z', '2027-07-01T00:05Z'],
    ],
  ])('%s', (expression, expected) => {
    expect(runs(expression, 'UTC', '2026-11-30T12:00:00Z', expected.length)).toEqual(expected);
  });

  test('are in the time zone', () => {
    expect(runs('0 9 * * *', 'Asia/Kolkata', '2026-11-30T12:00:00Z', 1)).toEqual(['2026-12-01T03:30Z']);
    expect(runs('0 0 1 1 *', 'Pacific/Kiritimati', '2026-11-30T12:00:00Z', 1)).toEqual(['2026-12-31T10:00Z']);
  });

  test('leave out a century without a leap day', () => {
    expect(runs('0 0 29 2 *', 'UTC', '2096-03-01T00:00:00Z', 1)).toEqual(['2104-02-29T00:00Z']);
  });
});

/** The changes of 2027, and runs around them by the rule of EventBridge Scheduler. */
describe('at a change to summer time, a wall time that is skipped has no run', () => {
  test.each([
    // 02:00 becomes 03:00 on March 28, at 01:00 UTC.
    ['30 2 * * *', 'Europe/Berlin', '2027-03-27T00:00:00Z', ['2027-03-27T01:30Z', '2027-03-29T00:30Z']],
    ['0 2,3 * * *', 'Europe/Berlin', '2027-03-27T23:30:00Z', ['2027-03-28T01:00Z', '2027-03-29T00:00Z']],
    [
      '*/30 * * * *',
      'Europe/Berlin',
      '2027-03-28T00:29:00Z',
      ['2027-03-28T00:30Z', '2027-03-28T01:00Z', '2027-03-28T01:30Z'],
    ],
    // 02:00 becomes 03:00 on March 14, at 07:00 UTC.
    ['15 2 * * *', 'America/New_York', '2027-03-13T08:00:00Z', ['2027-03-15T06:15Z']],
    // 02:00 becomes 02:30 on October 3, at 15:30 UTC the day before.
    ['15 2 * * *', 'Australia/Lord_Howe', '2027-10-01T16:00:00Z', ['2027-10-03T15:15Z']],
    // 00:00 becomes 01:00 on September 5: that day has no midnight.
    ['0 0 * * *', 'America/Santiago', '2027-09-04T05:00:00Z', ['2027-09-06T03:00Z']],
  ])('%s in %s after %s', (expression, zone, after, expected) => {
    expect(runs(expression, zone, after, expected.length)).toEqual(expected);
  });
});

describe('at a change from summer time, a wall time that comes twice has one run, at its first time', () => {
  test.each([
    // 03:00 becomes 02:00 on October 31, at 01:00 UTC.
    ['30 2 * * *', 'Europe/Berlin', '2027-10-30T12:00:00Z', ['2027-10-31T00:30Z', '2027-11-01T01:30Z']],
    [
      '*/30 * * * *',
      'Europe/Berlin',
      '2027-10-31T00:00:00Z',
      ['2027-10-31T00:30Z', '2027-10-31T02:00Z', '2027-10-31T02:30Z'],
    ],
    // In the second of the two hours, the runs of it have been.
    ['45 2 * * *', 'Europe/Berlin', '2027-10-31T01:10:00Z', ['2027-11-01T01:45Z']],
    // 02:00 becomes 01:00 on November 7, at 06:00 UTC.
    ['30 1 * * *', 'America/New_York', '2027-11-06T12:00:00Z', ['2027-11-07T05:30Z', '2027-11-08T06:30Z']],
    // 02:00 becomes 01:30 on April 4.
    ['45 1 * * *', 'Australia/Lord_Howe', '2027-04-03T00:00:00Z', ['2027-04-03T14:45Z', '2027-04-04T15:15Z']],
  ])('%s in %s after %s', (expression, zone, after, expected) => {
    expect(runs(expression, zone, after, expected.length)).toEqual(expected);
  });
});

test('runs are after the given time, on the minute, and their wall times fit', () => {
  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
  );
  const times = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2035, 0) });
  const minutes = fc.integer({ min: 0, max: 59 });
  const hours = fc.integer({ min: 0, max: 23 });
  fc.assert(
    fc.property(zones, times, minutes, hours, (zone, after, minute, hour) => {
      const at = nextOfCron(parseCron(`${minute} ${hour} * * *`), zone, after) ?? 0;
      expect(at).toBeGreaterThan(after);
      expect(at % 60_000).toBe(0);
      expect(at - after).toBeLessThanOrEqual(49 * 3_600_000);
      const wall = wallTimeAt(at, zone);
      expect([wall.hour, wall.minute]).toEqual([hour, minute]);
      expect(instantOf(wall, zone)).toBe(at);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['', 'must have 5 fields, minute hour day-of-month month day-of-week, like 30 6 * * MON-FRI, got 1: ""'],
  [
    '* * * *',
    'must have 5 fields, minute hour day-of-month month day-of-week, like 30 6 * * MON-FRI, got 4: "* * * *"',
  ],
  [
    '0 0 12 * * *',
    'must have 5 fields, minute hour day-of-month month day-of-week, like 30 6 * * MON-FRI, got 6: "0 0 12 * * *"',
  ],
  [
    '60 * * * *',
    'must have as minute 0 to 59, or *, with lists (1,2), ranges (1-5) and steps (*/10), got "60"',
  ],
  [
    '0 24 * * *',
    'must have as hour 0 to 23, or *, with lists (1,2), ranges (1-5) and steps (*/10), got "24"',
  ],
  [
    '0 0 * FOO *',
    'must have as month 1 to 12 or JAN to DEC, or *, with lists (1,2), ranges (1-5) and steps (*/10), got "FOO"',
  ],
  [
    '0 0 * * FRI-MON',
    'must have as day of week 0 to 7 or SUN to SAT, or *, with lists (1,2), ranges (1-5) and steps (*/10), got "FRI-MON"',
  ],
  [
    '*/0 * * * *',
    'must have as minute 0 to 59, or *, with lists (1,2), ranges (1-5) and steps (*/10), got "*/0"',
  ],
  [
    '1,, * * * *',
    'must have as minute 0 to 59, or *, with lists (1,2), ranges (1-5) and steps (*/10), got ""',
  ],
  [
    '0 0 L * *',
    'must have as day of month 1 to 31, or *, with lists (1,2), ranges (1-5) and steps (*/10), got "L"',
  ],
  ['0 0 13 * FRI', 'must have * as day of month or as day of week, got "13" and "FRI"'],
  ['0 0 31 2 *', 'must name a day that exists, got "0 0 31 2 *"'],
])('%j is refused', (expression, problem) => {
  expect(() => parseCron(expression)).toThrow(problem);
});

test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])(
  '%s is a time zone',
  (zone) => {
    expect(timeZoneProblem(zone)).toBeUndefined();
  },
);

test.each(['', '+01:00', 'Europe/Nowhere', 'Berlin'])('%j is none', (zone) => {
  expect(timeZoneProblem(zone)).toBe(
    `must be a time zone of the IANA database, like Europe/Berlin or UTC, got "${zone}"`,
  );
});
