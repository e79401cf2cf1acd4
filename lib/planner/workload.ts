import type { EventSourceLimits } from '../core/config/event-source-scaling.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';

/** How long S3 keeps the payload of an upload with the defaults of a payload bucket. */
export const DEFAULT_KEPT_DAYS =
  NUMBER_SETTINGS.uploadAgeDays.default + NUMBER_SETTINGS.replacedUploadAgeDays.default;

/** The input of every capacity calculation: the work and how it is processed. */
export interface Workload extends EventSourceLimits {
  readonly ratePerSecond: number;
  /** How long the handler takes for one request. It is taken to wait for something, not to compute. */
  readonly serviceSeconds: number;
  /** Attempts that a request takes on average, 1 or more. */
  readonly attempts: number;
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

/** Attempts of all requests. */
export function attemptsPerSecond({ ratePerSecond, attempts }: Workload): number {
  return ratePerSecond * attempts;
}

/** How long one batch takes: as many rounds as it needs with `concurrency` requests at a time. */
export function batchSeconds({ batchSize, concurrency, serviceSeconds }: Workload): number {
  return Math.ceil(batchSize / concurrency) * serviceSeconds;
}
