import { expect, test } from 'vitest';
import { arrivalsOf, seededRandom } from '../../lib/planner/random.ts';

test('a seed gives the same numbers, another one others', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(Math.min(...draw(1))).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draw(1))).toBeLessThan(1);
});

test.each([0.2, 3, 49, 51, 10_000])('arrivals of mean %d have that mean and variance', (mean) => {
  const random = seededRandom(7);
  const counts = Array.from({ length: 200_000 }, () => arrivalsOf(mean, random));
  const average = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - average) ** 2, 0) / counts.length;
  expect(Math.abs(average / mean - 1)).toBeLessThan(0.02);
  expect(Math.abs(variance / mean - 1)).toBeLessThan(0.03);
  expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
});

test('nothing expected, nothing comes', () => {
  expect(arrivalsOf(0, seededRandom(1))).toBe(0);
});
