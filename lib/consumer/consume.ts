import type { SQSClient } from '@aws-sdk/client-sqs';
import { regionOfQueue, sqsClient } from '../aws/sqs-client.ts';
import { EnvelopeMalformed, RetryLater } from '../core/errors.ts';
import { retryDelaySeconds } from '../core/retry.ts';
import { Deletions } from './deletions.ts';
import { HandledOutcomes } from './handled-outcomes.ts';
import { withHeartbeat } from './heartbeat.ts';
import {
  assertOptions,
  assertVisibilityTimeout,
  type ConsumeOptions,
  DEFAULT_CONCURRENCY,
  DEFAULT_REMEMBERED_OUTCOMES,
  type ErrorContext,
} from './options.ts';
import { type ReceivedOutcome, readOutcome } from './outcome.ts';
import type { ResultObjects } from './outcome-result.ts';
import { OutcomeQueue, type ReceivedMessage } from './queue.ts';
import { S3ResultObjects } from './s3-result-objects.ts';

/** Deals with an outcome. Its message is deleted when this has ended well, and comes again when it threw. */
export type OutcomeHandler = (outcome: ReceivedOutcome) => unknown;

/**
 * Consumes an output queue until the signal fires; then it takes no more, finishes what it is at and returns. A message
 * that SQS hands over in that very moment comes again when its visibility timeout is over.
 * @throws ConfigurationError, and what SQS says when there is no such queue or it may not be read
 */
export async function consume(options: ConsumeOptions, handler: OutcomeHandler): Promise<void> {
  assertOptions(options);
  await new Consumer(options, handler).run();
}

/** A receive that takes longer than its poll and this is given up by a client of our own. */
const RECEIVE_TIMEOUT_MILLISECONDS = 30_000;

const BACKOFF_AFTER_RETRY_LATER = { retryBaseSeconds: 0, retryCapSeconds: 0 };

class Consumer {
  readonly #options: ConsumeOptions;
  readonly #handler: OutcomeHandler;
  readonly #concurrency: number;
  readonly #queue: OutcomeQueue;
  readonly #deletions: Deletions;
  readonly #handled: HandledOutcomes;
  readonly #objects: ResultObjects;
  /** Ends the consumer for a reason of its own. */
  readonly #broken = new AbortController();
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
      await Promise.all(this.#running);
    }
    this.#broken.signal.throwIfAborted();
  }

  async #receiveUntil(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#visibilityTimeoutSeconds = await this.#findVisibilityTimeout(signal);
    while (!signal.aborted) {
      const free = this.#concurrency - this.#running.size;
      if (free === 0) {
        await this.#oneEnded.promise;
        continue;
      }
      const messages = await this.#queue.receive(free, this.#visibilityTimeoutSeconds, signal);
      if (signal.aborted) return this.#queue.giveBack(messages);
      for (const message of messages) this.#begin(message);
    }
  }

  async #findVisibilityTimeout(signal: AbortSignal): Promise<number> {
    const { visibilityTimeoutSeconds } = this.#options;
    if (visibilityTimeoutSeconds !== undefined) return visibilityTimeoutSeconds;
    const seconds = await this.#queue.visibilityTimeoutSeconds(signal);
    assertVisibilityTimeout("the queue's visibility timeout, or visibilityTimeoutSeconds,", seconds);
    return seconds;
  }

  /** Never rejects: what goes wrong with a message is reported, and what goes wrong with that ends the consumer. */
  #begin(message: ReceivedMessage): void {
    const running = this.#take(message)
      .catch((error: unknown) => this.#broken.abort(error))
      .finally(() => {
        this.#running.delete(running);
        this.#oneEnded.resolve();
        this.#oneEnded = Promise.withResolvers();
      });
    this.#running.add(running);
  }

  async #take(message: ReceivedMessage): Promise<void> {
    const about: ErrorContext = { messageId: message.id };
    const outcome = this.#read(message, about);
    if (!outcome) return;
    const known = { ...about, requestId: outcome.requestId };
    try {
      await this.#handle(message, outcome, known);
    } catch (error) {
      this.#report(error, known);
      return this.#putOff(message, error, known);
    }
    await this.#deletions.delete(message.receipt).catch((error: unknown) => this.#report(error, known));
  }

  /** What can't be read is left to the queue's dead-letter queue. */
  #read(message: ReceivedMessage, about: ErrorContext): ReceivedOutcome | undefined {
    try {
      if (message.isRaw) {
        throw new EnvelopeMalformed(
          "an outcome's CloudEvent",
          'the message is in the format raw, whose body is the result itself: consume() reads cloudevents',
        );
      }
      return readOutcome(message.body, this.#objects);
    } catch (error) {
      this.#report(error, about);
      return undefined;
    }
  }

  async #handle(message: ReceivedMessage, outcome: ReceivedOutcome, about: ErrorContext): Promise<void> {
    const heartbeat = {
      intervalMilliseconds: this.#visibilityTimeoutSeconds * 500,
      beat: () => this.#queue.hide(message, this.#visibilityTimeoutSeconds),
      onError: (error: unknown) => this.#report(error, about),
    };
    const key = JSON.stringify([outcome.service, outcome.requestId, outcome.id]);
    await withHeartbeat(heartbeat, () =>
      this.#handled.once(key, async () => {
        await this.#handler(outcome);
      }),
    );
  }

  async #putOff(message: ReceivedMessage, error: unknown, about: ErrorContext): Promise<void> {
    const { backoff = error instanceof RetryLater ? BACKOFF_AFTER_RETRY_LATER : undefined } = this.#options;
    if (!backoff) return;
    const seconds = retryDelaySeconds(error, message.receiveCount, backoff, Math.random());
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
