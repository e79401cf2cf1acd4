import { expect, test } from 'vitest';
import { scheduleOf } from '../../../bench/loss/schedule.ts';

test('a seed gives the same kills each time, another seed others', () => {
  expect(scheduleOf(1, 20, 10_000)).toEqual(scheduleOf(1, 20, 10_000));
  expect(scheduleOf(2, 20, 10_000)).not.toEqual(scheduleOf(1, 20, 10_000));
});

test('the kills come in the order of the jobs, each target among the first three, the last before the end', () => {
  const kills = scheduleOf(7, 20, 10_000);
  const moments = kills.map(({ afterJobs }) => afterJobs);
  expect(moments).toEqual(moments.toSorted((one, other) => one - other));
  expect(new Set(kills.slice(0, 3).map(({ target }) => target)).size).toBe(3);
  expect(moments.at(-1)).toBeLessThan(8_000);
});
