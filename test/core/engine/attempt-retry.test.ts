import { expect, test } from 'vitest';
import { RetryLater } from '../../../lib/core/base/errors.ts';
import { attemptDelaySeconds } from '../../../lib/core/engine/attempt-retry.ts';
import { StillLeased } from '../../../lib/core/engine/errors.ts';

const BACKOFF = { retryBaseSeconds: 2, retryCapSeconds: 900 };

test.each([
  ['its lease', new StillLeased(60.2, new Error()), 61],
  ['its backoff, if that is longer', new StillLeased(0.5, new Error()), 2],
  ['the wait it asked for, if that is longer', new StillLeased(60, new RetryLater(600)), 600],
])('an attempt that stays leased waits for %s', (_, error, seconds) => {
  expect(attemptDelaySeconds(error, 1, BACKOFF, 1 - Number.EPSILON)).toBe(seconds);
});
