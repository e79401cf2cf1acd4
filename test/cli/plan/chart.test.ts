import { expect, test } from 'vitest';
import { depthChart } from '../../../lib/cli/plan/chart.ts';

const points = (...depths: number[]) =>
  depths.map((waiting, index) => ({ seconds: index * 10, waiting, batches: 1 }));

test('a column shows the maximum of its time', () => {
  const chart = depthChart(points(0, 4_000, 3_000, 2_000, 1_000, 0), { columns: 6, rows: 2 });
  expect(chart).toEqual([
    '4k │ █▄', //
    '   │ ███▄',
    ' 0 └──────',
    '    0 50 s',
  ]);
});

test('a small value is visible', () => {
  const chart = depthChart(points(1_000_000, 1, 1, 0), { columns: 4, rows: 3 });
  expect(chart[2]).toBe('   │█▁▁');
});

test('a column without a point repeats the one before', () => {
  const chart = depthChart(points(8, 4, 0), { columns: 9, rows: 1 });
  expect(chart[0]).toBe('8 │████▄▄▄▄');
});

test('an empty queue is an empty chart', () => {
  expect(depthChart(points(0, 0), { columns: 6, rows: 1 })).toEqual([
    '1 │', //
    '0 └──────',
    '   0 10 s',
  ]);
});
