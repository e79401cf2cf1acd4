import type { Load } from '../../ports/admission.ts';

/** Share of the longest wait below which a service that has refused requests admits them again. */
const REOPENING_SHARE = 0.8;

/** Share of the longest wait above which no tenant may have more than its share. */
const SHARING_SHARE = 0.5;

/** Longest time a client is told to stay away. */
const MAX_RETRY_AFTER_SECONDS = 300;

/** Why a request isn't taken. */
export interface Refusal {
  readonly reason: 'overloaded' | 'tenant_over_share';
  /** By how much the wait is too long. */
  readonly excessSeconds: number;
}

/** What a request is admitted or refused by. */
export interface Circumstances {
  readonly load: Load;
  /** Whether nobody is admitted, see {@link isClosed}. */
  readonly closed: boolean;
  /** Whether the applicant's tenant has more of what was admitted lately than it may. */
  readonly overShare: boolean;
  /** Until nobody waits for the outcome any more; Infinity if somebody always does. */
  readonly secondsLeft: number;
}

/**
 * Whether nobody is admitted: the wait is above the longest one, or was and isn't well below it again. Of unknown load
 * nobody is refused: the queue keeps requests for days, and a gauge that fails must not close the door.
 */
export function isClosed({ predictedWaitSeconds, maxWaitSeconds }: Load, wasClosed: boolean): boolean {
  if (predictedWaitSeconds === undefined) return false;
  return wasClosed
    ? predictedWaitSeconds >= maxWaitSeconds * REOPENING_SHARE
    : predictedWaitSeconds > maxWaitSeconds;
}

/** Why a request isn't taken; undefined if it is. */
export function refusalOf({ load, closed, overShare, secondsLeft }: Circumstances): Refusal | undefined {
  const { predictedWaitSeconds: wait, maxWaitSeconds } = load;
  if (wait === undefined) return undefined;
  if (closed) return { reason: 'overloaded', excessSeconds: wait - maxWaitSeconds * REOPENING_SHARE };
  if (wait > secondsLeft) return { reason: 'overloaded', excessSeconds: wait - secondsLeft };
  const shared = maxWaitSeconds * SHARING_SHARE;
  if (overShare && wait > shared) return { reason: 'tenant_over_share', excessSeconds: wait - shared };
  return undefined;
}

/**
 * After which a refused client should ask again: once to twice the excess, so that those refused together don't come
 * back together.
 * @param random from 0 up to, not including, 1
 * @returns whole seconds from 1 to 300
 */
export function retryAfterSeconds(excessSeconds: number, random: number): number {
  const least = Math.min(Math.max(excessSeconds, 1), MAX_RETRY_AFTER_SECONDS / 2);
  return Math.ceil(least * (1 + random));
}
