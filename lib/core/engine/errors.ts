import {
  CoatcheckError,
  PermanentError,
  RetryLater,
  type ServiceResponse,
  ServiceUnavailable,
} from '../base/errors.ts';
import { type ErrorSummary, messageOf } from '../base/serialize-error.ts';
import { hasOrder } from '../config/min-version.ts';

/** The attempt didn't finish before the deadline. */
export class AttemptTimedOut extends RetryLater {
  override readonly name = 'AttemptTimedOut';
  override readonly code = 'attempt_timed_out';

  /** @param delaySeconds until another attempt may start: the handler of this one may still be running */
  constructor(delaySeconds: number) {
    super(delaySeconds, "The attempt didn't finish before the invocation's deadline");
  }
}

/** The attempt wasn't started, since its host is stopping. */
export class AttemptNotStarted extends CoatcheckError {
  override readonly name = 'AttemptNotStarted';
  readonly code = 'attempt_not_started';

  constructor() {
    super('The attempt was not started, because its process is stopping');
  }
}

/** The processor isn't for the topic of the request. */
export class TopicRefused extends PermanentError {
  override readonly name = 'TopicRefused';

  constructor(topic: string | undefined, topics: readonly string[]) {
    const stated = topic === undefined ? 'has no topic' : `has the topic ${topic}`;
    super(
      `The request ${stated}, and the processor that got it is for ${topics.join(', ')}: send it with a topic of this processor, or to another one`,
      { code: 'topic_refused', details: { topic, topics } },
    );
  }
}

/** Every attempt failed. */
export class AttemptsExhausted extends PermanentError {
  override readonly name = 'AttemptsExhausted';

  /**
   * @param lastError the latest error that was reported
   * @param silent whether the last attempt reported none
   * @param response the response of an HTTP service that failed the last attempt
   */
  constructor(
    attempts: number,
    lastError: ErrorSummary | undefined,
    silent: boolean,
    response?: ServiceResponse,
  ) {
    const all = attempts === 1 ? 'The only attempt failed' : `All ${attempts} attempts failed`;
    const last = silent
      ? 'the last one ended without reporting (crash, out of memory or timeout)'
      : `the last one with ${lastError ? `${lastError.name}: ${lastError.message}` : 'an unknown error'}`;
    super(
      attempts > 0
        ? `${all}; ${last}`
        : 'The message had to leave the queue before another attempt could start',
      {
        code: 'attempts_exhausted',
        // Receivers of webhooks needn't know the files of the handler.
        details: {
          lastError: lastError && { ...lastError, frame: undefined },
          ...(response && { response }),
        },
      },
    );
  }
}

/** The response of an HTTP service that failed an attempt, if that is why it failed. */
export function serviceResponseOf(error: unknown): ServiceResponse | undefined {
  const cause = error instanceof RetryLater ? error.cause : error;
  return cause instanceof ServiceUnavailable ? cause.response : undefined;
}

/** The request must not start yet. No attempt was made. */
export class TooEarly extends CoatcheckError {
  override readonly name = 'TooEarly';
  readonly code = 'too_early';
  /** In milliseconds since 1970. */
  readonly notBefore: number;

  constructor(notBefore: number) {
    super('The request must not start yet');
    this.notBefore = notBefore;
  }
}

/** The request can't wait in its queue until it may start. */
export class NotBeforeRefused extends PermanentError {
  override readonly name = 'NotBeforeRefused';

  /** @param reason why it can't */
  constructor(notBefore: number, reason: string) {
    const time = new Date(notBefore).toISOString();
    super(`The request can't wait until ${time}: ${reason}`, {
      code: 'not_before_refused',
      details: { notBefore: time },
    });
  }
}

/** The code is older than the request asks for: the request is left to newer code. No attempt was made. */
export class VersionTooOld extends CoatcheckError {
  override readonly name = 'VersionTooOld';
  readonly code = 'version_too_old';

  constructor() {
    super('The request asks for a newer version of the handler');
  }
}

/** No code that is new enough took the request. */
export class MinVersionUnmet extends PermanentError {
  override readonly name = 'MinVersionUnmet';

  constructor(minVersion: string | undefined, handlerVersion: string | undefined) {
    super(
      hasOrder(handlerVersion)
        ? `The request asks for version ${minVersion} of the handler or newer, and none took it in time; the latest one that it was delivered to is ${handlerVersion}`
        : `The request asks for version ${minVersion} of the handler or newer, but the version of the handler, ${handlerVersion ?? 'none'}, isn't made of numbers`,
      { code: 'min_version_unmet', details: { minVersion, handlerVersion } },
    );
  }
}

/** Another attempt holds the request's lease. */
export class RequestLeased extends RetryLater {
  override readonly name = 'RequestLeased';
  override readonly code = 'request_leased';

  /** @param delaySeconds until that lease expires */
  constructor(delaySeconds: number) {
    super(delaySeconds, 'Another attempt is running the request');
  }
}

/** The attempt failed with `cause` and keeps its lease: the next attempt must wait until the lease expires. */
export class StillLeased extends CoatcheckError {
  override readonly name = 'StillLeased';
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
  override readonly name = 'LeaseLost';
  override readonly code = 'lease_lost';

  constructor() {
    super(0, 'Another attempt took over the request, so the outcome of this one is discarded');
  }
}

/** The attempt ended at a checkpoint, since its invocation's time is nearly over or its worker stops. */
export class AttemptSuspended extends CoatcheckError {
  override readonly name = 'AttemptSuspended';
  readonly code = 'attempt_suspended';

  constructor() {
    super(
      'The request goes on from this checkpoint in another invocation. Let the handler end by this error',
    );
  }
}

/** The handler saved a state that isn't data. */
export class CheckpointInvalid extends PermanentError {
  override readonly name = 'CheckpointInvalid';

  constructor(problem: string, cause: unknown) {
    super(`The state of the checkpoint can't be saved: ${problem}`, { code: 'checkpoint_invalid', cause });
  }
}

/** The handler's stream failed after parts of it were published. Its message is that of the failure. */
export class StreamBroken extends PermanentError {
  override readonly name = 'StreamBroken';

  constructor(cause: unknown) {
    super(messageOf(cause), { code: 'stream_broken', cause });
  }
}

/** The result is too large for the service's output format. */
export class ResultTooLarge extends PermanentError {
  override readonly name = 'ResultTooLarge';

  /** @param size in bytes; undefined if it must be inline, and the outcome doesn't fit a message */
  constructor(size: number | undefined, limit: number) {
    super(
      size === undefined
        ? `The result doesn't fit an outcome of at most ${limit} bytes, and the output format has no references to stored results. Store the result, and return where it is`
        : `The result is ${size} bytes; the limit is ${limit}`,
      { code: 'result_too_large', details: { size, limit } },
    );
  }
}
