import { backoffBound } from '../base/backoff.ts';
import { DownstreamUnavailable, RetryLater } from '../base/errors.ts';

/** Waits between attempts. */
export interface Backoff {
  /** Upper bound of the first wait; it doubles with every attempt. */
  readonly retryBaseSeconds: number;
  /** Upper bound of every wait. */
  readonly retryCapSeconds: number;
}

/**
 * Whole seconds to wait after an attempt failed with `error`. An error can name its wait. Other errors get exponential
 * backoff with full jitter, between 0 and the bound, so that requests that failed together don't come back together. If
 * a dependency is down, the wait is at least half of the bound.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @param attempt which attempt failed, from 1
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function retryDelaySeconds(error: unknown, attempt: number, backoff: Backoff, random: number): number {
  if (error instanceof DownstreamUnavailable && error.retryAfterSeconds !== undefined) {
    return Math.ceil(error.retryAfterSeconds);
  }
  if (error instanceof RetryLater) return Math.ceil(error.delaySeconds);
  const bound = backoffBound(attempt, backoff.retryBaseSeconds, backoff.retryCapSeconds);
  // SQS counts every receive, and new instances don't know of earlier failures.
  const share = error instanceof DownstreamUnavailable ? (1 + random) / 2 : random;
  return Math.round(share * bound);
}

/** Seconds from now to a time, at least 0. Both are milliseconds since 1970. */
export function secondsUntil(time: number, now: number): number {
  return Math.max(0, time - now) / 1000;
}

/**
 * Most whole seconds that a message may wait. The queue deletes a hidden message whose retention ends, so half of the
 * remaining retention is reserved for later attempts.
 * @param sentAt, now milliseconds since 1970
 */
export function longestWaitSeconds(sentAt: number, retentionSeconds: number, now: number): number {
  const leftSeconds = retentionSeconds - (now - sentAt) / 1000;
  return Math.max(0, Math.floor(leftSeconds / 2));
}
