import type { Backlog } from '../../ports/message-source.ts';
import type { RecentWork } from '../../ports/telemetry.ts';

/** The assumed capacity of a service until a higher rate is measured. */
export interface AssumedCapacity {
  /**
   * Requests handled at a time from the first moment on: the event source's first batches, or `maxConcurrency` if that
   * is less, times the requests of a batch that are handled at a time.
   */
  readonly firstSlots: number;
  /** The same a minute later, after the event source has scaled up. */
  readonly reachableSlots: number;
  /** Longest time a request can hold a slot: the function's timeout. */
  readonly timeoutSeconds: number;
}

/** Clocks don't show less. */
const SHORTEST_SECONDS = 0.001;

/** How many times as many slots as were busy lately may be busy now: the event source may be scaling up. */
const GROWTH = 2;

/**
 * What the service can be expected to complete a second, at least. What it completed lately is all that came in while
 * it isn't saturated, so what its first batches can do is counted on as well. If it handled nothing, every request is
 * taken to need the longest time it may, and the event source to have scaled up meanwhile.
 */
export function completionsPerSecond(recent: RecentWork, capacity: AssumedCapacity): number {
  const { firstSlots, reachableSlots, timeoutSeconds } = capacity;
  const mean = meanSeconds(recent);
  const least = mean === undefined ? reachableSlots / timeoutSeconds : firstSlots / mean;
  return Math.max(recent.completed / recent.seconds, least);
}

/**
 * Requests that are ahead of a new one. Requests in flight beyond the number of slots are waiting for their next
 * attempt, perhaps for hours, and delay no other request.
 * @param recent undefined if unknown
 */
export function requestsAhead(
  { waiting, inFlight, delayed }: Backlog,
  recent: RecentWork | undefined,
  capacity: AssumedCapacity,
): number {
  return waiting + delayed + Math.min(inFlight, mostSlots(recent, capacity));
}

/** How many requests may be running now. */
function mostSlots(recent: RecentWork | undefined, { firstSlots, reachableSlots }: AssumedCapacity): number {
  if (!recent?.handled) return reachableSlots;
  const busy = Math.ceil(recent.milliseconds / 1_000 / recent.seconds);
  return Math.max(firstSlots, busy * GROWTH);
}

/** How long a request that was handled held a slot; undefined when none was. */
function meanSeconds({ handled, milliseconds }: RecentWork): number | undefined {
  return handled > 0 ? Math.max(milliseconds / 1_000 / handled, SHORTEST_SECONDS) : undefined;
}
