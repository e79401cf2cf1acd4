import { expect, test } from 'vitest';
import {
  formatAge,
  formatDollars,
  formatDuration,
  formatRate,
  formatShort,
  formatSize,
} from '../../lib/terminal/figures.ts';

test.each([
  [0, '0 s'],
  [1e-9, '< 1 ms'],
  [0.0123, '12.3 ms'],
  [1.2, '1.2 s'],
  [90, '1.5 min'],
  [9_910, '2.75 h'],
  [345_600, '4 days'],
  [8_640_000_000, '100,000 days'],
  [Number.POSITIVE_INFINITY, 'without end'],
])('%d seconds', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  [1_234.5, '1,235/s'],
  [1, '1/s'],
  [0.5, '30/min'],
  [0.001, '3.6/h'],
  [1e-5, '0.864/d'],
])('%d a second', (perSecond, text) => {
  expect(formatRate(perSecond)).toBe(text);
});

test.each([
  [0, '0 s'],
  [119, '119 s'],
  [139, '2 min'],
  [3 * 3_600, '3 h'],
  [49 * 3_600, '2 d'],
])('an age of %d seconds', (seconds, text) => {
  expect(formatAge(seconds)).toBe(text);
});

test('sizes, short counts, dollars', () => {
  expect([12, 300_000, 1_048_576, 2e9].map(formatSize)).toEqual(['12 bytes', '300 KB', '1.05 MB', '2 GB']);
  expect([0, 240, 38_302, 1e8].map(formatShort)).toEqual(['0', '240', '38.3k', '100M']);
  expect(formatDollars(1_234.5)).toBe('$1,234.50');
});
