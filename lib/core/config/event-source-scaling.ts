import {
  EVENT_SOURCE_FIRST_BATCHES,
  EVENT_SOURCE_MAX_BATCHES,
  EVENT_SOURCE_MORE_BATCHES_A_MINUTE,
  POLLER_BATCHES,
  POLLERS_MORE_BATCHES_A_MINUTE,
} from './aws-limits.ts';

/** How an event source goes from few batches at a time to many. */
export interface EventSourceScaling {
  readonly firstBatches: number;
  readonly moreBatchesAMinute: number;
  readonly maxBatches: number;
}

/** The provisioned pollers of an event source. */
export interface Pollers {
  readonly min: number;
  readonly max: number;
}

/** What limits an event source: provisioned pollers, or the maximum concurrency. */
export interface EventSourceLimits {
  readonly pollers?: Pollers;
  /** Has no effect with pollers. */
  readonly maxConcurrency?: number;
}

/** How Lambda scales the event source of a standard queue. */
export function eventSourceScaling({ pollers, maxConcurrency }: EventSourceLimits = {}): EventSourceScaling {
  if (pollers) {
    return {
      firstBatches: pollers.min * POLLER_BATCHES,
      moreBatchesAMinute: POLLERS_MORE_BATCHES_A_MINUTE,
      maxBatches: pollers.max * POLLER_BATCHES,
    };
  }
  return {
    firstBatches: EVENT_SOURCE_FIRST_BATCHES,
    moreBatchesAMinute: EVENT_SOURCE_MORE_BATCHES_A_MINUTE,
    maxBatches: Math.min(maxConcurrency ?? EVENT_SOURCE_MAX_BATCHES, EVENT_SOURCE_MAX_BATCHES),
  };
}
