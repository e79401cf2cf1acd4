import type { SQSClient } from '@aws-sdk/client-sqs';
import { regionOfQueue, sqsClient } from '../aws/sqs-client.ts';
import { Deletions } from '../aws/sqs-deletions.ts';
import type { SqsReceivedMessage } from '../aws/sqs-source.ts';
import { EnvelopeMalformed, RetryLater } from '../core/base/errors.ts';
import { startHeartbeat } from '../core/base/heartbeat.ts';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import { whenAborted } from '../core/base/when-aborted.ts';
import { assertFunction, assertOptions } from '../core/config/shape.ts';
import { retryDelaySeconds } from '../core/model/retry.ts';
import { ATTRIBUTES } from '../core/wire/attributes.ts';
import { HandledOutcomes } from './handled-outcomes.ts';
import { HandlerTimedOut } from './handler-timed-out.ts';
import {
  assertNumbers,
  assertVisibilityTimeout,
  type ConsumeOptions,
  DEFAULT_CONCURRENCY,
  DEFAULT_HANDLER_TIMEOUT_SECONDS,
  DEFAULT_REMEMBERED_OUTCOMES,
  DEFAULT_STOP_TIMEOUT_SECONDS,
  type ErrorContext,
  OPTIONS,
} from './options.ts';
import { isChunk, type ReceivedOutcome, readOutcome } from './outcome.ts';
import { OutcomeQueue } from './outcome-queue.ts';
import type { ResultObjects } from './outcome-result.ts';
import { S3ResultObjects } from './s3-result-objects.ts';

/** Context of a handler's call. */
export interface OutcomeContext {
  /** Aborted when the handler exceeds its timeout, or the stop timeout of the consumer. */
  readonly signal: AbortSignal;
}

/** Handles an outcome. Its message is deleted once this returns, and delivered again if it throws. */
export type OutcomeHandler = (outcome: ReceivedOutcome, context: OutcomeContext) => unknown;

/**
 * Consumes an output queue until the signal is aborted. Then it receives no more messages, waits up to
 * `stopTimeoutSeconds` for its handlers, and returns. A message that SQS delivers at that moment is delivered again after
 * its visibility timeout.
 * @throws ConfigurationError, and the error of SQS if the queue doesn't exist or can't be read
 */
export async function consume(options: ConsumeOptions, handler: OutcomeHandler): Promise<void> {
  assertOptions('consume()', options, OPTIONS);
  assertFunction('consume()', 'handler', handler);
  assertNumbers(options);
  await new Consumer(options, handler).run();
}

/** Timeout of a call by the consumer's own client; longer than the longest poll. */
const RECEIVE_TIMEOUT_MILLISECONDS = 30_000;

const NO_BACKOFF = { retryBaseSeconds: 0, retryCapSeconds: 0 };

class Consumer {
  readonly #options: ConsumeOptions;
  readonly #handler: OutcomeHandler;
  readonly #concurrency: number;
  readonly #queue: OutcomeQueue;
  readonly #deletions: Deletions;
  readonly #handled: HandledOutcomes;
  readonly #objects: ResultObjects;
  /** Ends the consumer when `onError` throws. */
  readonly #broken = new AbortController();
  /** Aborted when the stop timeout is reached. */
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #oneEnded = Promise.withResolvers<void>();
  #visibilityTimeoutSeconds = 0;

  constructor(options: ConsumeOptions, handler: OutcomeHandler) {
    const { queueUrl, s3, concurrency, rememberedOutcomes } = options;
    const region = options.region ?? regionOfQueue(queueUrl);
    const sqs = options.sqs ?? ownClient(region);
    this.#options = options;
    this.#handler = handler;
    this.#concurrency = concurrency ?? DEFAULT_CONCURRENCY;
    this.#queue = new OutcomeQueue(sqs, queueUrl, (error) => this.#report(error, {}));
    this.#deletions = new Deletions(sqs, queueUrl);
    this.#handled = new HandledOutcomes(rememberedOutcomes ?? DEFAULT_REMEMBERED_OUTCOMES);
    this.#objects = new S3ResultObjects(s3, region);
  }

  async run(): Promise<void> {
    const { signal = this.#broken.signal } = this.#options;
    const either = AbortSignal.any([signal, this.#broken.signal]);
    try {
      await this.#receiveUntil(either);
    } catch (error) {
      if (!either.aborted) throw error;
    } finally {
      await this.#finish();
    }
    this.#broken.signal.throwIfAborted();
  }

  /** Waits for running handlers, up to the stop timeout. */
  async #finish(): Promise<void> {
    const { stopTimeoutSeconds = DEFAULT_STOP_TIMEOUT_SECONDS } = this.#options;
    const reason = new HandlerTimedOut(`${stopTimeoutSeconds} s after the consumer was stopped`);
    const timer = setTimeout(() => this.#stopped.abort(reason), stopTimeoutSeconds * 1000);
    await Promise.all(this.#running);
    clearTimeout(timer);
  }

  async #receiveUntil(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#visibilityTimeoutSeconds = await this.#readVisibilityTimeout(signal);
    while (!signal.aborted) {
      const free = this.#concurrency - this.#running.size;
      if (free === 0) {
        await unlessAborted(this.#oneEnded.promise, signal, () => {});
        continue;
      }
      const messages = await this.#queue.receive(free, this.#visibilityTimeoutSeconds, signal);
      if (signal.aborted) return this.#queue.release(messages);
      for (const message of messages) this.#start(message);
    }
  }

  async #readVisibilityTimeout(signal: AbortSignal): Promise<number> {
    const { visibilityTimeoutSeconds } = this.#options;
    if (visibilityTimeoutSeconds !== undefined) return visibilityTimeoutSeconds;
    const seconds = await this.#queue.visibilityTimeoutSeconds(signal);
    assertVisibilityTimeout("the queue's visibility timeout, or visibilityTimeoutSeconds,", seconds);
    return seconds;
  }

  /** Never rejects. Errors of a message are reported; an error of the report ends the consumer. */
  #start(message: SqsReceivedMessage): void {
    const running = this.#process(message)
      .catch((error: unknown) => this.#broken.abort(error))
      .finally(() => {
        this.#running.delete(running);
        this.#oneEnded.resolve();
        this.#oneEnded = Promise.withResolvers();
      });
    this.#running.add(running);
  }

  async #process(message: SqsReceivedMessage): Promise<void> {
    const about: ErrorContext = { messageId: message.id };
    const outcome = this.#read(message, about);
    if (outcome === 'chunk')
      return this.#deletions.delete(message.receipt).catch((error: unknown) => this.#report(error, about));
    if (!outcome) return;
    const known = { ...about, requestId: outcome.requestId };
    try {
      await this.#handle(message, outcome, known);
    } catch (error) {
      this.#report(error, known);
      return this.#defer(message, error, known);
    }
    await this.#deletions.delete(message.receipt).catch((error: unknown) => this.#report(error, known));
  }

  /** A message that can't be decoded goes to the queue's own dead-letter queue. */
  #read(message: SqsReceivedMessage, about: ErrorContext): ReceivedOutcome | 'chunk' | undefined {
    try {
      // CloudEvents have their type in the body, also where they have attributes that consumers select by.
      if (message.attributes[ATTRIBUTES.contentType] !== undefined) {
        throw new EnvelopeMalformed(
          "an outcome's CloudEvent",
          'the message is in the format raw or truefoundry; consume() requires the format cloudevents',
        );
      }
      return isChunk(message.body) ? 'chunk' : readOutcome(message.body, this.#objects);
    } catch (error) {
      this.#report(error, about);
      return undefined;
    }
  }

  async #handle(message: SqsReceivedMessage, outcome: ReceivedOutcome, about: ErrorContext): Promise<void> {
    const heartbeat = {
      intervalMilliseconds: this.#visibilityTimeoutSeconds * 500,
      beat: () => this.#queue.hide(message, this.#visibilityTimeoutSeconds),
      onError: (error: unknown) => this.#report(error, about),
    };
    const key = JSON.stringify([outcome.service, outcome.requestId, outcome.id]);
    await using _heartbeat = startHeartbeat(heartbeat);
    await this.#handled.once(key, () => this.#withinLimits((signal) => this.#handler(outcome, { signal })));
  }

  /** @throws HandlerTimedOut when a limit is reached. The handler may continue, but its result is ignored. */
  async #withinLimits(handle: (signal: AbortSignal) => unknown): Promise<void> {
    const { handlerTimeoutSeconds = DEFAULT_HANDLER_TIMEOUT_SECONDS } = this.#options;
    const { signal: stopped } = this.#stopped;
    const limit = new AbortController();
    const reason = new HandlerTimedOut(`within ${handlerTimeoutSeconds} s`);
    const timer = setTimeout(() => limit.abort(reason), handlerTimeoutSeconds * 1000);
    const stopWaiting = whenAborted(stopped, () => limit.abort(stopped.reason));
    try {
      const handled = (async () => handle(limit.signal))();
      await unlessAborted(handled, limit.signal, () => {
        throw limit.signal.reason;
      });
    } finally {
      clearTimeout(timer);
      stopWaiting();
    }
  }

  async #defer(message: SqsReceivedMessage, error: unknown, about: ErrorContext): Promise<void> {
    if (error === this.#stopped.signal.reason) return this.#hide(message, 0, about);
    const { backoff = error instanceof RetryLater ? NO_BACKOFF : undefined } = this.#options;
    if (!backoff) return;
    const seconds = retryDelaySeconds(error, message.receiveCount, backoff, Math.random());
    await this.#hide(message, seconds, about);
  }

  async #hide(message: SqsReceivedMessage, seconds: number, about: ErrorContext): Promise<void> {
    await this.#queue.hide(message, seconds).catch((failure: unknown) => this.#report(failure, about));
  }

  #report(error: unknown, about: ErrorContext): void {
    const { onError = (failure, context) => console.error(failure, context) } = this.#options;
    onError(error, about);
  }
}

function ownClient(region: string | undefined): SQSClient {
  return sqsClient({
    region,
    requestHandler: { requestTimeout: RECEIVE_TIMEOUT_MILLISECONDS, throwOnRequestTimeout: true },
  });
}
