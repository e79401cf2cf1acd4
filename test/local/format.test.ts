import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatProgress,
  formatSeconds,
  formatTable,
} from '../../lib/local/format.ts';

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [116_508_931, '111.1 MiB'],
  [5_497_558_138_880, '5120.0 GiB'],
])('%i bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('counts and seconds', () => {
  expect(formatCount(960_000)).toBe('960,000');
  expect(formatSeconds(1_249)).toBe('1.2 s');
});

test.each([
  [0, '░░░░░░░░░░░░░░░░ 0 bytes of 2.0 KiB'],
  [1024, '████████░░░░░░░░ 1.0 KiB of 2.0 KiB'],
  [2048, '████████████████ 2.0 KiB of 2.0 KiB'],
])('a progress of %i', (done, text) => {
  expect(formatProgress(done, 2048)).toBe(text);
});

test('a table', () => {
  const rows = [
    ['request', 'size', 'outcome'],
    ['a.csv', '9', 'succeeded'],
    ['broken.csv', '10', ''],
  ];
  expect(formatTable(rows, [1])).toEqual([
    'request     size  outcome',
    'a.csv          9  succeeded',
    'broken.csv    10',
  ]);
});
