import { expect, test } from 'vitest';
import { judgeCanary, whyStopped } from '../../../lib/core/operations/canary.ts';

test.each([
  [20, 10, 0, 0, 'wait'],
  [20, 10, 9, 2, 'wait'],
  [20, 10, 3, 3, 'stop'],
  [20, 10, 10, 2, 'pass'],
  [0, 10, 1, 1, 'stop'],
  [0, 0, 0, 0, 'pass'],
] as const)(
  'above %i %%: of %i, %i ended and %i failed: %s',
  (stopAbovePercent, watched, ended, failed, verdict) => {
    expect(judgeCanary({ percent: 5, stopAbovePercent }, { watched, ended, failed })).toBe(verdict);
  },
);

test('a canary says why it stops', () => {
  expect(whyStopped({ percent: 5, stopAbovePercent: 20 }, { watched: 10, ended: 4, failed: 3 })).toBe(
    '3 of the first 10 requests failed again, which is more than 20%',
  );
});
