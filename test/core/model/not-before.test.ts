import { expect, test } from 'vitest';
import { isEarly, MAX_DAYS_AHEAD, notBeforeProblem } from '../../../lib/core/model/not-before.ts';
import { START } from '../../support/test-clock.ts';

const LONGEST = MAX_DAYS_AHEAD * 86_400_000;

test.each([
  ['no time', {}],
  ['a time that has passed', { notBefore: START - 1 }],
  ['a year ahead', { notBefore: START + LONGEST }],
  ['before it expires', { notBefore: START + 1, expiresAt: START + 2 }],
])('%s is fine', (_, times) => {
  expect(notBeforeProblem(times, START)).toBeUndefined();
});

test.each([
  [
    'more than a year ahead',
    { notBefore: START + LONGEST + 1 },
    'must be at most 366 days ahead, got 2027-02-01T12:00:00.001Z',
  ],
  [
    'when it expires',
    { notBefore: START + 60_000, expiresAt: START + 60_000 },
    'must be before the expiry of the request, 2026-01-31T12:01:00.000Z, got 2026-01-31T12:01:00.000Z',
  ],
])('%s is a problem', (_, times, problem) => {
  expect(notBeforeProblem(times, START)).toBe(problem);
});

test('a request may start at its time', () => {
  expect(isEarly({ notBefore: START + 1 }, START)).toBe(true);
  expect(isEarly({ notBefore: START }, START)).toBe(false);
  expect(isEarly({}, START)).toBe(false);
});
