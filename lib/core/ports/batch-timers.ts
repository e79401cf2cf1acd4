import type { BatchKey } from './batch-store.ts';

/** Timers outside of the process, one for each batch: each fires every minute, until it is stopped. */
export interface BatchTimers {
  /** Starts the timer of a batch. Does nothing if it runs. */
  start(batch: BatchKey): Promise<void>;
  /** Stops the timer of a batch. Does nothing if there is none. */
  stop(batch: BatchKey): Promise<void>;
}
