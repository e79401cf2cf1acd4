import type { Load } from '../../ports/admission.ts';

/** Share of the longest wait below which a service that has rejected requests admits them again. */
const REOPENING_SHARE = 0.8;

/** Share of the longest wait above which no tenant may have more than its share. */
const SHARING_SHARE = 0.5;

/** Longest `Retry-After`, in seconds. */
const MAX_RETRY_AFTER_SECONDS = 300;

/** Why a request isn't admitted. */
export interface Refusal {
  readonly reason: 'overloaded' | 'tenant_over_share';
  /** By how much the wait is too long. */
  readonly excessSeconds: number;
}

/** The input of an admission decision. */
export interface Circumstances {
  readonly load: Load;
  /** Whether the service admits no requests, see {@link isClosed}. */
  readonly closed: boolean;
  /** Whether the submitter's tenant exceeds its share of the recently admitted requests. */
  readonly overShare: boolean;
  /** Seconds until the request expires; Infinity if it doesn't. */
  readonly secondsLeft: number;
}

/**
 * Whether the service admits no requests: the wait is above the limit, or was above it and isn't well below it yet. If
 * the load is unknown, requests are admitted: the queue keeps them for days, and a failing gauge must not stop the
 * service.
 */
export function isClosed({ predictedWaitSeconds, maxWaitSeconds }: Load, wasClosed: boolean): boolean {
  if (predictedWaitSeconds === undefined) return false;
  return wasClosed
    ? predictedWaitSeconds >= maxWaitSeconds * REOPENING_SHARE
    : predictedWaitSeconds > maxWaitSeconds;
}

/** Why a request isn't admitted; undefined if it is. */
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
 * Seconds after which a rejected client should try again: between once and twice the excess, so that clients that were
 * rejected together don't come back together.
 * @param random from 0 (inclusive) to 1 (exclusive)
 * @returns whole seconds from 1 to 300
 */
export function retryAfterSeconds(excessSeconds: number, random: number): number {
  const least = Math.min(Math.max(excessSeconds, 1), MAX_RETRY_AFTER_SECONDS / 2);
  return Math.ceil(least * (1 + random));
}
