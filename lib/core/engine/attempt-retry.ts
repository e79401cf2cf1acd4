import { type Backoff, retryDelaySeconds } from '../model/retry.ts';
import { StillLeased } from './errors.ts';

/**
 * Whole seconds until the next attempt. An attempt that couldn't release its request waits at least as long as its lease:
 * a message that comes earlier finds the request leased, and that counts as an attempt.
 * @param attempt which attempt failed, from 1
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function attemptDelaySeconds(
  error: unknown,
  attempt: number,
  backoff: Backoff,
  random: number,
): number {
  if (!(error instanceof StillLeased)) return retryDelaySeconds(error, attempt, backoff, random);
  return Math.max(Math.ceil(error.leaseSeconds), retryDelaySeconds(error.cause, attempt, backoff, random));
}
