import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTime, wholeDuration } from '../../../lib/core/base/time.ts';

test.each([
  [1, '1 second'],
  [61, '61 seconds'],
  [60, '1 minute'],
  [5_400, '90 minutes'],
  [3_600, '1 hour'],
  [172_800, '2 days'],
])('%i seconds are %s', (seconds, text) => {
  expect(wholeDuration(seconds)).toBe(text);
});

/** By `date -u -d … +%s%3N`. */
test.each([
  ['1970-01-01T00:00:00Z', 0],
  ['2026-01-31T12:00:00Z', 1_769_860_800_000],
  ['2026-01-31t12:00:00z', 1_769_860_800_000],
  ['2026-01-31T12:00:00.5Z', 1_769_860_800_500],
  ['2026-01-31T12:00:00.1239999Z', 1_769_860_800_123],
  ['2026-01-31T13:30:00+01:30', 1_769_860_800_000],
  ['2026-01-31T12:00:00-00:00', 1_769_860_800_000],
  ['2026-01-31T00:00:00-12:00', 1_769_860_800_000],
  ['2028-02-29T23:59:59Z', 1_835_481_599_000],
])('%s is a time', (text, time) => {
  expect(parseTime(text)).toBe(time);
});

test.each([
  '',
  'now',
  '1769860800',
  '2026-01-31',
  '2026-01-31T12:00Z',
  '2026-01-31T12:00:00',
  '2026-01-31 12:00:00Z',
  '2026-1-31T12:00:00Z',
  '2026-01-31T12:00:00,5Z',
  '2026-01-31T12:00:00.Z',
  '2026-01-31T12:00:00+0100',
  '2026-01-31T12:00:00+24:00',
  '2026-01-31T12:00:00Z\n',
  ' 2026-01-31T12:00:00Z',
  '+02026-01-31T12:00:00Z',
  '12026-01-31T12:00:00Z',
  '２０２６-01-31T12:00:00Z',
  'Sat, 31 Jan 2026 12:00:00 GMT',
])('%j is none', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test.each([
  '2026-02-29T12:00:00Z',
  '2026-02-30T12:00:00Z',
  '2026-04-31T12:00:00Z',
  '2026-00-10T12:00:00Z',
  '2026-13-01T12:00:00Z',
  '2026-01-00T12:00:00Z',
  '2026-01-32T12:00:00Z',
  '2026-01-31T24:00:00Z',
  '2026-01-31T12:60:00Z',
  '2026-06-30T23:59:60Z',
])('%s looks like one, and no clock ever shows it', (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test('every time there is is read back from its text', () => {
  const times = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') });
  fc.assert(
    fc.property(
      times.filter((time) => !Number.isNaN(time.getTime())),
      (time) => {
        expect(parseTime(time.toISOString())).toBe(time.getTime());
      },
    ),
  );
});
