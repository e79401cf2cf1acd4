import type { RecentWork } from '../ports.ts';

/** What a service can do without having been seen to do it. */
export interface LeastCapacity {
  /**
   * Requests handled at a time from the first moment on: the event source's first batches, or `maxConcurrency` if that
   * is less, times the requests of a batch that are handled at a time.
   */
  readonly firstSlots: number;
  /** Longest time a request can hold a slot: the function's timeout. */
  readonly timeoutSeconds: number;
}

/** Clocks don't show less. */
const SHORTEST_SECONDS = 0.001;

/**
 * What the service can be expected to complete a second, at least. What it completed lately is all that came in while
 * it isn't saturated, so what its first batches can do is counted on as well. If it completed nothing, every request
 * is taken to need the longest time it may.
 */
export function completionsPerSecond(
  { completed, milliseconds, seconds }: RecentWork,
  { firstSlots, timeoutSeconds }: LeastCapacity,
): number {
  const meanSeconds = completed > 0 ? milliseconds / 1_000 / completed : timeoutSeconds;
  return Math.max(completed / seconds, firstSlots / Math.max(meanSeconds, SHORTEST_SECONDS));
}
