/** The service under load: five batches at a time, as many as the event source has by itself. */
export const SERVICE = { batchSize: 10, serviceSeconds: 2, timeoutSeconds: 10, maxWaitSeconds: 20 } as const;

/** Its stack. */
export const STACK = 'BenchOverload';
