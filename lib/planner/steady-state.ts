import { SQS_MAX_IN_FLIGHT_MESSAGES } from '../core/config/aws-limits.ts';
import { eventSourceScaling } from '../core/config/event-source-scaling.ts';
import { meanWaitSeconds } from './erlang.ts';
import { attemptsPerSecond, batchSeconds, type Workload } from './workload.ts';

/** What bounds the number of batches at a time. */
export type Bound = 'maximum concurrency' | 'event source' | 'provisioned pollers' | 'messages in flight';

/** How a workload runs once the event source has as many batches at a time as it needs. */
export interface SteadyState {
  /** Requests being handled at a time, by Little's law. */
  readonly requestsAtOnce: number;
  readonly batchSeconds: number;
  /** Batches, that is function instances, at a time if each is full. */
  readonly batchesAtOnce: number;
  /** The same if each batch holds one message, which can happen where an event source doesn't wait to fill it. */
  readonly batchesAtOnceUnfilled: number;
  /** Most batches at a time there can be. */
  readonly maxBatches: number;
  readonly boundBy: Bound;
  /** What all of these do, in requests. */
  readonly maxRatePerSecond: number;
  /** The share of `maxBatches` in use; at 1 or more, the queue grows without limit. */
  readonly utilisation: number;
  /** Messages received and not yet deleted. */
  readonly inFlight: number;
  readonly wait: Wait;
}

/** How long a request waits on average before its handler starts, by what it waits for. */
export interface Wait {
  /** A free function instance; Infinity when the queue grows without end. */
  readonly queueSeconds: number;
  /** The batch to fill. */
  readonly windowSeconds: number;
  /** Its turn in the batch, where not all of it are handled at once. */
  readonly turnSeconds: number;
}

/** Applies Little's law, `concurrency = rate × time`, first to requests and then to batches. */
export function steadyState(workload: Workload, batchWindowSeconds: number): SteadyState {
  const { serviceSeconds, batchSize, attempts } = workload;
  const rate = attemptsPerSecond(workload);
  const secondsOfBatch = batchSeconds(workload);
  const batchesPerSecond = rate / batchSize;
  const batchesAtOnce = batchesPerSecond * secondsOfBatch;
  const { maxBatches, boundBy } = bound(workload);
  const utilisation = batchesAtOnce / maxBatches;
  return {
    requestsAtOnce: rate * serviceSeconds,
    batchSeconds: secondsOfBatch,
    batchesAtOnce,
    batchesAtOnceUnfilled: rate * serviceSeconds,
    maxBatches,
    boundBy,
    maxRatePerSecond: (maxBatches * batchSize) / secondsOfBatch / attempts,
    utilisation,
    inFlight: Math.min(batchesAtOnce, maxBatches) * batchSize,
    wait: {
      queueSeconds: meanWaitSeconds(maxBatches, batchesAtOnce, secondsOfBatch),
      windowSeconds: Math.min(batchWindowSeconds, (batchSize - 1) / rate) / 2,
      turnSeconds: (secondsOfBatch - serviceSeconds) / 2,
    },
  };
}

function bound(workload: Workload): { maxBatches: number; boundBy: Bound } {
  const { maxBatches } = eventSourceScaling(workload);
  const inFlight = Math.floor(SQS_MAX_IN_FLIGHT_MESSAGES / workload.batchSize);
  if (inFlight < maxBatches) return { maxBatches: inFlight, boundBy: 'messages in flight' };
  if (workload.pollers) return { maxBatches, boundBy: 'provisioned pollers' };
  return {
    maxBatches,
    boundBy: maxBatches === workload.maxConcurrency ? 'maximum concurrency' : 'event source',
  };
}
