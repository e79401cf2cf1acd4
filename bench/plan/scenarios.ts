import { lengthOf } from '../support/length.ts';

/** A service whose handler waits, and its settings. Its name is its construct's id. */
export interface Scenario {
  readonly name: string;
  readonly batchSize: number;
  /** Concurrent requests of a batch. */
  readonly concurrency: number;
  /** Concurrent batches. The local AWS runs as many at once as it may. */
  readonly maxConcurrency: number;
  readonly serviceSeconds: number;
  readonly requests: number;
}

/** Scenarios differ in one setting each, and take about twelve seconds. */
const ALL_SCENARIOS: readonly Scenario[] = [
  {
    name: 'Usual',
    batchSize: 10,
    concurrency: 10,
    maxConcurrency: 5,
    serviceSeconds: 1,
    requests: lengthOf(600, 100),
  },
  { name: 'Few', batchSize: 10, concurrency: 10, maxConcurrency: 2, serviceSeconds: 1, requests: 240 },
  { name: 'Many', batchSize: 10, concurrency: 10, maxConcurrency: 10, serviceSeconds: 1, requests: 1_200 },
  { name: 'HalfAtOnce', batchSize: 10, concurrency: 5, maxConcurrency: 5, serviceSeconds: 1, requests: 300 },
  { name: 'SmallBatches', batchSize: 4, concurrency: 4, maxConcurrency: 5, serviceSeconds: 1, requests: 240 },
  { name: 'Quick', batchSize: 10, concurrency: 10, maxConcurrency: 5, serviceSeconds: 0.2, requests: 2_400 },
];

export const SCENARIOS = ALL_SCENARIOS.slice(0, lengthOf(ALL_SCENARIOS.length, 1));
