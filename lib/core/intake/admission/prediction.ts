import type { MeasuredWork } from '../../ports/admission.ts';
import type { Backlog } from '../../ports/message-source.ts';
import type { RecentWork } from '../../ports/telemetry.ts';

/** The assumed capacity of a service until a higher rate is measured. */
export interface AssumedCapacity {
  /**
   * Requests handled concurrently from the start: the event source's first batches, or `maxConcurrency` if that is less,
   * times the requests of a batch that are handled concurrently.
   */
  readonly firstSlots: number;
  /** The same a minute later, after the event source has scaled up. */
  readonly reachableSlots: number;
  /** Longest time a request can hold a slot: the function's timeout. */
  readonly timeoutSeconds: number;
}

/** The resolution of the clocks. */
const SHORTEST_SECONDS = 0.001;

/** The factor by which the number of busy slots may have grown: the event source may be scaling up. */
const GROWTH = 2;

/**
 * The least rate of completions to expect. A service that isn't saturated completes no more than it receives, so the
 * rate is at least what its first batches can do. If it handled nothing recently, every request is assumed to take the
 * longest time allowed, and the event source to have scaled up.
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
  { waiting, inFlight }: Backlog,
  recent: RecentWork | undefined,
  capacity: AssumedCapacity,
): number {
  return waiting + Math.min(inFlight, mostSlots(recent, capacity));
}

/** Work is logged in pieces, so that busy slots seem up to this part more. */
const LOGGED_IN_PIECES = 0.2;

/** Slots that are busy while requests wait: more than the first ones if that was measured. */
export function busySlots({ milliseconds, seconds }: RecentWork, firstSlots: number): number {
  const busy = milliseconds / 1_000 / seconds;
  return busy > firstSlots * (1 + LOGGED_IN_PIECES) ? busy : firstSlots;
}

/** The largest number of requests that may be running now. */
function mostSlots(recent: RecentWork | undefined, { firstSlots, reachableSlots }: AssumedCapacity): number {
  if (!recent?.handled) return reachableSlots;
  const busy = Math.ceil(recent.milliseconds / 1_000 / recent.seconds);
  return Math.max(firstSlots, busy * GROWTH);
}

/** What attempts took lately; undefined if no handler ran. */
export function measuredWork(recent: RecentWork): MeasuredWork | undefined {
  const { seconds, handled, completed } = recent;
  const mean = meanSeconds(recent);
  return mean === undefined ? undefined : { seconds, attempts: handled, completed, meanAttemptSeconds: mean };
}

/** The mean time that a handled request held a slot; undefined if none was handled. */
function meanSeconds({ handled, milliseconds }: RecentWork): number | undefined {
  return handled > 0 ? Math.max(milliseconds / 1_000 / handled, SHORTEST_SECONDS) : undefined;
}
