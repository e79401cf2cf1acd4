import { CoatcheckError, PermanentError, RetryLater } from '../base/errors.ts';

/** The attempt wasn't over when the invocation's time was. */
export class AttemptTimedOut extends RetryLater {
  override readonly code = 'attempt_timed_out';

  /** @param delaySeconds until another attempt may begin, since this one's handler may still be running */
  constructor(delaySeconds: number) {
    super(delaySeconds, "The attempt wasn't over before the invocation's deadline");
  }
}

/** Every attempt failed. */
export class AttemptsExhausted extends PermanentError {
  /** @param lastError what the latest attempt that said so threw; the latest of all may have said nothing */
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
      attempts > 0 ? `${all}; ${last}` : 'No attempt could begin before the message had to leave the queue',
      {
        code: 'attempts_exhausted',
        details: { lastError },
      },
    );
  }
}

/** Another attempt has the request to itself. */
export class RequestLeased extends RetryLater {
  override readonly code = 'request_leased';

  /** @param delaySeconds until its time is over */
  constructor(delaySeconds: number) {
    super(delaySeconds, 'Another attempt is at the request');
  }
}

/** The attempt failed, and what it failed of is the cause; another one can't begin before its lease is over. */
export class StillLeased extends CoatcheckError {
  readonly code = 'still_leased';
  readonly leaseSeconds: number;

  /** @param leaseSeconds until the lease is over */
  constructor(leaseSeconds: number, cause: unknown) {
    super('The attempt failed, and the request stays leased', { cause });
    this.leaseSeconds = leaseSeconds;
  }
}

/** Another attempt took over while this one was at it. */
export class LeaseLost extends RetryLater {
  override readonly code = 'lease_lost';

  constructor() {
    super(0, 'Another attempt has taken over the request, so the outcome of this one is not used');
  }
}

/** A result too large to be handed over in the service's output format. */
export class ResultTooLarge extends PermanentError {
  constructor(size: number, limit: number) {
    super(`The result has ${size} bytes, handed over can be ${limit}`, {
      code: 'result_too_large',
      details: { size, limit },
    });
  }
}
