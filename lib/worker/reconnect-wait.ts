import { backoffBound } from '../core/base/backoff.ts';
import type { Random } from '../core/ports/clock.ts';

/** First wait after a queue failed; it doubles, with jitter. */
const RECONNECT_BASE_MILLISECONDS = 500;

const RECONNECT_CAP_MILLISECONDS = 30_000;

/** The wait before a queue is asked again, in milliseconds. @param failures in a row, from 1 */
export function reconnectWait(failures: number, random: Random): number {
  const bound = backoffBound(failures, RECONNECT_BASE_MILLISECONDS, RECONNECT_CAP_MILLISECONDS);
  return Math.round(bound * (0.5 + random() / 2));
}
