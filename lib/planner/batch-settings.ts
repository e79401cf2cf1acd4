import {
  LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
  VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT,
} from '../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import { steadyState } from './steady-state.ts';
import { batchSeconds, type Workload } from './workload.ts';

/** Service settings for a workload. */
export interface BatchSettings {
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  readonly timeoutSeconds: number;
  readonly visibilityTimeoutSeconds: number;
}

/** Above this utilization, waits grow quickly with load. */
export const COMFORTABLE_UTILISATION = 0.8;

/** The timeout is this multiple of a batch's expected duration. */
const TIMEOUT_MARGIN = 2;

/** Batch sizes to try: multiples of the default. */
const STEP = NUMBER_SETTINGS.batchSize.default;

/**
 * The smallest batch size, from the default up, that keeps utilization comfortable; otherwise the one with the lowest
 * utilization. A larger batch helps only if it is processed concurrently.
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

/** The settings for a workload's batch size. */
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

/** Zero if no window is needed, since a window adds latency. */
function windowSecondsFor(batchSize: number): number {
  return batchSize > LAMBDA_MAX_BATCH_WITHOUT_WINDOW ? 1 : 0;
}
