import {
  LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
  VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT,
} from '../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import { steadyState } from './steady-state.ts';
import { batchSeconds, type Workload } from './workload.ts';

/** Settings of the service that suit a workload. */
export interface BatchSettings {
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly timeoutSeconds: number;
  readonly visibilityTimeoutSeconds: number;
}

/** Above this share in use, waits grow quickly with every bit of more load. */
export const COMFORTABLE_UTILISATION = 0.8;

/** A batch may take twice as long as it should before it is cut off. */
const TIMEOUT_MARGIN = 2;

/** Batch sizes to try: as the default, then larger by tens. */
const STEP = NUMBER_SETTINGS.batchSize.default;

/**
 * The smallest batch size, from the default up, with which the workload fits comfortably; where none does, the one that
 * goes furthest. A larger batch helps only where it is handled all at once.
 */
export function chooseBatchSize(workload: Omit<Workload, 'batchSize' | 'concurrency'>): number {
  let best = { batchSize: STEP, utilisation: Number.POSITIVE_INFINITY };
  for (let batchSize = STEP; batchSize <= NUMBER_SETTINGS.batchSize.max; batchSize += STEP) {
    const atOnce = { ...workload, batchSize, concurrency: batchSize };
    const { utilisation } = steadyState(atOnce, windowSecondsFor(batchSize));
    if (utilisation <= COMFORTABLE_UTILISATION) return batchSize;
    if (utilisation < best.utilisation) best = { batchSize, utilisation };
  }
  return best.batchSize;
}

/** The settings that go with a workload's batch size. */
export function batchSettings(workload: Workload): BatchSettings {
  const { default: usual, max } = NUMBER_SETTINGS.timeoutSeconds;
  const needed = Math.ceil(batchSeconds(workload) * TIMEOUT_MARGIN);
  const timeoutSeconds = Math.min(Math.max(usual, needed), max);
  const batchWindowSeconds = windowSecondsFor(workload.batchSize);
  return {
    batchSize: workload.batchSize,
    batchWindowSeconds,
    timeoutSeconds,
    visibilityTimeoutSeconds: timeoutSeconds * VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT + batchWindowSeconds,
  };
}

/** None where none is needed: it costs latency. */
function windowSecondsFor(batchSize: number): number {
  return batchSize > LAMBDA_MAX_BATCH_WITHOUT_WINDOW ? 1 : 0;
}
