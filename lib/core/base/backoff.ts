/**
 * Exponential backoff: the upper bound of the wait after a failed attempt. It doubles with every attempt, up to a cap.
 * Any unit of time.
 * @param attempt which attempt failed, from 1
 */
export function backoffBound(attempt: number, base: number, cap = Number.POSITIVE_INFINITY): number {
  return Math.min(cap, base * 2 ** (attempt - 1));
}
