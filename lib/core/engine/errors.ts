import { CoatcheckError, PermanentError, RetryLater } from '../base/errors.ts';

/** The attempt didn't finish before the deadline. */
export class AttemptTimedOut extends RetryLater {
  override readonly code = 'attempt_timed_out';

  /** @param delaySeconds until another attempt may start: the handler of this one may still be running */
  constructor(delaySeconds: number) {
    super(delaySeconds, "The attempt didn't finish before the invocation's deadline");
  }
}

/** Every attempt failed. */
export class AttemptsExhausted extends PermanentError {
  /**
   * @param lastError the latest error that was reported
   * @param silent whether the last attempt reported none
   */
  constructor(
    attempts: number,
    lastError: { readonly name: string; readonly message: string; readonly code?: string } | undefined,
    silent: boolean,
  ) {
    const all = attempts === 1 ? 'The only attempt failed' : `All ${attempts} attempts failed`;
    const last = silent
      ? 'the last one ended without reporting (crash, out of memory or timeout)'
      : `the last one with ${lastError ? `${lastError.name}: ${lastError.message}` : 'an unknown error'}`;
    super(
      attempts > 0 ? `${all}; ${last}` : 'No attempt could start before the message had to leave the queue',
      {
        code: 'attempts_exhausted',
        details: { lastError },
      },
    );
  }
}

/** Another attempt holds the request's lease. */
export class RequestLeased extends RetryLater {
  override readonly code = 'request_leased';

  /** @param delaySeconds until that lease expires */
  constructor(delaySeconds: number) {
    super(delaySeconds, 'Another attempt is running the request');
  }
}

/** The attempt failed with `cause` and keeps its lease: the next attempt must wait until the lease expires. */
export class StillLeased extends CoatcheckError {
  readonly code = 'still_leased';
  readonly leaseSeconds: number;

  /** @param leaseSeconds until the lease expires */
  constructor(leaseSeconds: number, cause: unknown) {
    super('The attempt failed, and the request stays leased', { cause });
    this.leaseSeconds = leaseSeconds;
  }
}

/** Another attempt took over the request during this one. */
export class LeaseLost extends RetryLater {
  override readonly code = 'lease_lost';

  constructor() {
    super(0, 'Another attempt took over the request, so the outcome of this one is discarded');
  }
}

/** The result is too large for the service's output format. */
export class ResultTooLarge extends PermanentError {
  constructor(size: number, limit: number) {
    super(`The result is ${size} bytes; the limit is ${limit}`, {
      code: 'result_too_large',
      details: { size, limit },
    });
  }
}
