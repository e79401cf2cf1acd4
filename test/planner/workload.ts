import type { Workload } from '../../lib/planner/workload.ts';

/** The workload of the README's costs, changed where a test says so. */
export function workload(changes: Partial<Workload> = {}): Workload {
  return {
    ratePerSecond: 200,
    serviceSeconds: 1,
    attempts: 1,
    payloadBytes: 300_000,
    resultBytes: 100,
    memoryMiB: 512,
    batchSize: 10,
    concurrency: 10,
    keptDays: 20,
    ...changes,
  };
}
