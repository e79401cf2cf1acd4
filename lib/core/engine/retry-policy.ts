import { PauseUntil, RequestIdReused } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import type { LimitWait } from '../limits/permit.ts';
import { ACK, type Disposition, UNTOUCHED } from '../model/disposition.ts';
import type { QueueMessage, ReceivedMessage } from '../model/received-message.ts';
import { longestWaitSeconds, secondsUntil } from '../model/retry.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptCounts } from './attempt-context.ts';
import { attemptDelaySeconds } from './attempt-retry.ts';
import type { BatchMetrics } from './batch-metrics.ts';
import type { Deadline } from './deadline.ts';
import type { EnginePorts } from './engine-ports.ts';
import {
  AttemptNotStarted,
  AttemptSuspended,
  RequestLeased,
  StillLeased,
  TooEarly,
  VersionTooOld,
} from './errors.ts';
import { deliveryCountOf, type Job } from './job.ts';
import type { Limiter } from './limiter.ts';
import { blocksItsGroup } from './ordering.ts';

/** The dependencies of a {@link RetryPolicy}. */
export interface RetryPolicyTools {
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  readonly limiter: Limiter;
  readonly metrics: BatchMetrics | undefined;
}

/** What decides how long a failed attempt waits. */
type RetriedAttempt = AttemptCounts & Pick<Attempt, 'retrySeconds'>;

/** A message that failed before an attempt was made. */
const NO_ATTEMPT: RetriedAttempt = {
  countedAttempt: undefined,
  hasCheckpoint: false,
  retrySeconds: undefined,
};

/** Longest wait after a pause for a message that failed, unless its own retry delay is longer. */
const LONGEST_STEP_BACK_SECONDS = 60;

/** Delay until a request that waits for newer code is delivered again. The receives of a message are limited. */
const VERSION_DELAY_SECONDS = 60;

/** A handler that names a time which has passed, such as a `Retry-After` of 0, must not run again and again at once. */
const SHORTEST_PAUSE_SECONDS = 1;

/** Decides when the message of a request that hasn't ended is delivered again. */
export class RetryPolicy {
  readonly #tools: RetryPolicyTools;

  constructor(tools: RetryPolicyTools) {
    this.#tools = tools;
  }

  /** The disposition of a message whose request hasn't ended, by the error that stopped its run. Never rejects. */
  async settle(
    error: unknown,
    job: Job,
    deadline: Deadline,
    attempt: RetriedAttempt = NO_ATTEMPT,
  ): Promise<Disposition> {
    if (error instanceof AttemptNotStarted) return UNTOUCHED;
    if (error instanceof AttemptSuspended) return this.#suspend(job);
    if (error instanceof VersionTooOld) return this.#leaveToNewer(job);
    if (error instanceof TooEarly) return this.#putBack(job, error);
    if (error instanceof PauseUntil) return this.#pause(job, error, deadline);
    if (error instanceof RequestIdReused) return this.#drop(job, error);
    return this.#retry(error, job, attempt);
  }

  /** The limit of one of its keys is used up. No attempt was made, so none counts. */
  awaitTurn(job: Job, wait: LimitWait): Disposition {
    const { limiter, ports, metrics } = this.#tools;
    metrics?.countDeferred();
    const afterSeconds = Math.min(limiter.waitSeconds(job, wait), this.#longestWaitSeconds(job.message));
    ports.logger.debug('Request waits for a limit', { ...requestFields(job.decoded), afterSeconds });
    return { action: 'retry', afterSeconds };
  }

  /** How long a request waits after an attempt failed, in seconds. */
  retrySeconds(error: unknown, attempt: AttemptCounts, message: ReceivedMessage): number {
    const { settings, ports } = this.#tools;
    const delay = attemptDelaySeconds(error, backoffStep(attempt, message), settings, ports.random());
    const least = this.#blockingSeconds(attempt.countedAttempt ?? 1, message);
    return this.#withinLimits(Math.max(delay, least), message);
  }

  /**
   * The delay of a message while processing pauses. After the pause, messages that failed are delivered later than those
   * that haven't been tried, so that requests that can't succeed don't delay others.
   * @param secondsLeft until the pause ends; 0 if there is none
   */
  afterPause(message: ReceivedMessage, afterSeconds: number, secondsLeft: number): number {
    if (secondsLeft === 0) return afterSeconds;
    const stepBack = Math.min(afterSeconds, LONGEST_STEP_BACK_SECONDS);
    return Math.max(afterSeconds, this.#withinLimits(secondsLeft + stepBack, message));
  }

  /** A message that shares a run may be older than the message of the run, and leave the queue earlier. */
  withinRetention(disposition: Disposition, message: QueueMessage): Disposition {
    if (disposition.action !== 'retry') return disposition;
    return {
      action: 'retry',
      afterSeconds: Math.min(disposition.afterSeconds, this.#longestWaitSeconds(message)),
    };
  }

  /** Its message continues the request, under the same ticket and the same attempt. */
  #suspend({ decoded }: Job): Disposition {
    this.#tools.ports.logger.info('Request suspended at a checkpoint', { ...requestFields(decoded) });
    return UNTOUCHED;
  }

  /** No attempt was made, so none counts. */
  #leaveToNewer({ decoded, message }: Job): Disposition {
    const { ports, metrics } = this.#tools;
    metrics?.countDeferred();
    ports.logger.info('Request waits for newer code', { ...requestFields(decoded) });
    return { action: 'retry', afterSeconds: this.#withinLimits(VERSION_DELAY_SECONDS, message) };
  }

  /** Until its time, or as long as the queue can delay it. No attempt was made, so none counts. */
  #putBack({ decoded, message }: Job, { notBefore }: TooEarly): Disposition {
    const { ports, metrics } = this.#tools;
    metrics?.countDeferred();
    const seconds = Math.ceil(secondsUntil(notBefore, ports.clock.now()));
    const afterSeconds = this.#withinLimits(seconds, message);
    ports.logger.info('Request put back until its time', {
      ...requestFields(decoded),
      notBefore,
      afterSeconds,
    });
    return { action: 'retry', afterSeconds };
  }

  /** The handler asks to continue later, and to pause the other requests that share the key. */
  async #pause(job: Job, error: PauseUntil, deadline: Deadline): Promise<Disposition> {
    const { limiter, ports, metrics } = this.#tools;
    const { decoded, message } = job;
    metrics?.countDeferred();
    const isOfKey = !('rejection' in decoded) && (await limiter.pause(decoded, error, deadline));
    const { until } = error;
    const earliest = ports.clock.now() + SHORTEST_PAUSE_SECONDS * 1000;
    const endsAt = Math.max(until.getTime(), earliest);
    // Like the others that share the key, it must notice when the pause is ended early.
    const seconds = isOfKey
      ? limiter.waitSeconds(job, { retryAt: (latest) => Math.min(endsAt, latest) })
      : Math.ceil(secondsUntil(endsAt, ports.clock.now()));
    const afterSeconds = this.#withinLimits(seconds, message);
    ports.logger.info('Request put back until the end of a pause', {
      ...requestFields(decoded),
      until,
      afterSeconds,
    });
    return { action: 'retry', afterSeconds };
  }

  /** The request has its own message, which is still in the queue. */
  #drop({ decoded, message }: Job, { code, message: detail }: RequestIdReused): Disposition {
    const fields = { ...requestFields(decoded), messageIds: [message.id], code, detail };
    this.#tools.ports.logger.warn('Message dropped', fields);
    return ACK;
  }

  #retry(error: unknown, { decoded, message }: Job, attempt: RetriedAttempt): Disposition {
    const { ports, metrics } = this.#tools;
    const afterSeconds = attempt.retrySeconds ?? this.retrySeconds(error, attempt, message);
    const thrown = serializeError(error instanceof StillLeased ? error.cause : error);
    ports.logger.warn('Attempt failed and will be retried', {
      ...requestFields(decoded),
      code: thrown.code,
      attempt: backoffStep(attempt, message),
      delaySeconds: afterSeconds,
      error: thrown,
    });
    // A duplicate that found the request leased made no attempt.
    if (!(error instanceof RequestLeased)) metrics?.countRetried();
    return { action: 'retry', afterSeconds };
  }

  /** The shortest wait of a request that keeps its place in its group although its attempts are used up. */
  #blockingSeconds(countedAttempt: number, message: ReceivedMessage): number {
    const { settings, ports } = this.#tools;
    if (countedAttempt < settings.maxAttempts) return 0;
    return blocksItsGroup(message, settings, ports.clock.now()) ? settings.retryCapSeconds : 0;
  }

  /** A wait that the queue can delay the message for, and that ends before the queue deletes it. */
  #withinLimits(seconds: number, message: ReceivedMessage): number {
    return Math.min(seconds, message.source.maxDelaySeconds, this.#longestWaitSeconds(message));
  }

  #longestWaitSeconds({ sentAt }: QueueMessage): number {
    const { settings, ports } = this.#tools;
    return longestWaitSeconds(sentAt, settings.inputRetentionSeconds, ports.clock.now());
  }
}

/** Attempts that don't count increase the delay, too. After a checkpoint, most deliveries weren't failures. */
function backoffStep({ countedAttempt = 1, hasCheckpoint }: AttemptCounts, message: ReceivedMessage): number {
  return hasCheckpoint ? countedAttempt : Math.max(countedAttempt, deliveryCountOf(message));
}
