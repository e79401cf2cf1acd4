import type { RequestRecord } from '../model/request-record.ts';

/** The place of a request in the queue that it waits in. */
export interface Place {
  /** Requests that wait and start before it. */
  readonly waiting: number;
  /** How many of them have its tenant. Absent if that is unknown, or it has none. */
  readonly ofTenant?: number;
  /** Requests that start before it, too, if they are submitted soon: those of tenants whose turns come first. @default 0 */
  readonly overtaking?: number;
  /** Requests that processes have taken: they run, will run soon, or wait for their next attempt. */
  readonly inFlight: number;
  /** How many of them have its tenant. Absent if unknown. */
  readonly inFlightOfTenant?: number;
  /** Earlier requests with its ordering key, of which one runs at a time. @default 0 */
  readonly inGroup?: number;
  /** Requests submitted before it that haven't ended, whether they run or wait. Absent if unknown. */
  readonly earlier?: { readonly all: number; readonly ofTenant?: number };
  /** Whether the numbers are counted, and not estimated. */
  readonly isExact: boolean;
  /** Standard deviation of {@link waiting}; 0 if it is exact. */
  readonly spread: number;
}

/** Finds the places of requests. */
export interface PlaceFinder {
  /** @returns undefined if it isn't in the queue, or not found */
  find(record: RequestRecord): Promise<Place | undefined>;
}
