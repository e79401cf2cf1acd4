import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../../lib/core/base/retry-after.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');

test.each([
  ['0', 0],
  [' 120 ', 120],
  ['9999999999', 9_999_999_999],
  ['Sat, 31 Jan 2026 12:01:30 GMT', 90],
  ['Saturday, 31-Jan-26 12:01:30 GMT', 90],
  ['Sat Jan 31 12:01:30 2026', 90],
  ['Sat Jan 31 12:01:30 2026 GMT', 90],
  ['Sat, 31 Jan 2026 11:00:00 GMT', 0],
])('%j means %i s', (header, seconds) => {
  expect(parseRetryAfter(header, NOW)).toBe(seconds);
});

test('rounds a fraction of a second up', () => {
  expect(parseRetryAfter('Sat, 31 Jan 2026 12:01:30 GMT', NOW + 1)).toBe(90);
});

test.each([
  null,
  undefined,
  '',
  'soon',
  '-5',
  '1.5',
  '5 s',
  '9'.repeat(400),
  'Sunday',
  'Sat, 31 Foo 2026 12:01:30 GMT',
  '2026-01-31T12:01:30Z',
  '2026-01-31T12:01:30 GMT',
])('ignores %.30j', (header) => {
  expect(parseRetryAfter(header, NOW)).toBeUndefined();
});
