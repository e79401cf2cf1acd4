import { expect, test } from 'vitest';
import { backoffBound } from '../../../lib/core/base/backoff.ts';

test('doubles with every attempt, up to the cap', () => {
  expect([1, 2, 3, 4, 5].map((attempt) => backoffBound(attempt, 200, 1_000))).toEqual([
    200, 400, 800, 1_000, 1_000,
  ]);
  expect(backoffBound(5_000, 200, 1_000)).toBe(1_000);
});

test('has no cap by default', () => {
  expect(backoffBound(11, 1)).toBe(1_024);
});
