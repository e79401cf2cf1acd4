/** The service under load: five concurrent batches, the event source's initial number. */
export const SERVICE = { batchSize: 10, serviceSeconds: 2, timeoutSeconds: 10, maxWaitSeconds: 20 } as const;

/** Its stack. */
export const STACK = 'BenchOverload';
