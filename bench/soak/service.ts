/** Its stack. */
export const STACK = 'BenchSoak';

/** Settings of the service in the soak: short waits, so that many attempts fit into minutes. */
export const SERVICE = {
  batchSize: 10,
  maxConcurrency: 8,
  timeoutSeconds: 8,
  visibilityTimeoutSeconds: 16,
  maxAttempts: 4,
  retryBaseSeconds: 1,
  retryCapSeconds: 2,
  inlineLimitBytes: 1_000,
  maxWaitSeconds: 86_400,
} as const;

/** Code of the handler's {@link PermanentError}. */
export const REFUSAL_CODE = 'soak_refused';

/** Environment variables of the stack's app and its processor. */
export const VARIABLES = {
  /** AWS endpoint of the functions. */
  endpoint: 'SOAK_ENDPOINT',
  /** File in which handlers record their runs. */
  trace: 'SOAK_TRACE',
  seed: 'SOAK_SEED',
} as const;
