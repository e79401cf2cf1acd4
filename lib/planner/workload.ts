import type { EventSourceLimits } from '../core/config/event-source-scaling.ts';

/** The input of every capacity calculation: the work and how it is processed. */
export interface Workload extends EventSourceLimits {
  readonly ratePerSecond: number;
  /** How long the handler takes for one request. It is taken to wait for something, not to compute. */
  readonly serviceSeconds: number;
  readonly payloadBytes: number;
  readonly resultBytes: number;
  readonly memoryMiB: number;
  /** Messages in a batch, which is taken to be full. */
  readonly batchSize: number;
  /** Requests of one batch handled at a time; no more than there are in one. */
  readonly concurrency: number;
  /** How long S3 keeps a payload. */
  readonly keptDays: number;
}

/** How long one batch takes: as many rounds as it needs with `concurrency` requests at a time. */
export function batchSeconds({ batchSize, concurrency, serviceSeconds }: Workload): number {
  return Math.ceil(batchSize / concurrency) * serviceSeconds;
}
