/** The service under load. The local AWS runs as many batches at once as it may, so their number is limited. */
export const SERVICE = {
  batchSize: 10,
  maxConcurrency: 5,
  serviceSeconds: 2,
  timeoutSeconds: 10,
  maxWaitSeconds: 20,
} as const;

/** Its stack. */
export const STACK = 'BenchOverload';
