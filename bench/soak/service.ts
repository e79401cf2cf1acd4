/** Its stack. */
export const STACK = 'BenchSoak';

/** The service in the soak: short waits, so that many attempts fit into minutes. */
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

/** What the code of a handler's {@link PermanentError} is. */
export const REFUSAL_CODE = 'soak_refused';

/** The variables the stack's app and its processor are told by. */
export const VARIABLES = {
  /** Where functions find AWS. */
  endpoint: 'SOAK_ENDPOINT',
  /** The file handlers note their runs in. */
  trace: 'SOAK_TRACE',
  seed: 'SOAK_SEED',
} as const;
