import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_RETRY_SECONDS } from '../aws/sqs-capabilities.ts';
import { isFinal } from '../aws/sqs-error.ts';
import { type SqsReceivedMessage, SqsSource } from '../aws/sqs-source.ts';
import { retryDelaySeconds } from '../core/model/retry.ts';

/** The longest poll of SQS, which needs the fewest calls. */
const POLL_SECONDS = 20;

/** Backoff after failed calls. */
const BACKOFF = { retryBaseSeconds: 1, retryCapSeconds: 20 };

/** An output queue as its consumer uses it: calls are retried until they succeed, fail permanently, or are aborted. */
export class OutcomeQueue {
  readonly #source: SqsSource;
  readonly #onError: (error: unknown) => void;

  /** @param onError called with errors that are retried */
  constructor(sqs: SQSClient, url: string, onError: (error: unknown) => void) {
    this.#source = new SqsSource(sqs, url);
    this.#onError = onError;
  }

  /** The queue's own visibility timeout. @throws the SDK's error if retrying can't help, and the signal's reason */
  visibilityTimeoutSeconds(signal: AbortSignal): Promise<number> {
    return this.#persist(() => this.#source.readNumber('VisibilityTimeout', signal), signal);
  }

  /** Waits for messages. @throws the SDK's error if retrying can't help, and the signal's reason */
  receive(
    maxMessages: number,
    visibilityTimeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<SqsReceivedMessage[]> {
    const options = { maxMessages, waitSeconds: POLL_SECONDS, visibilityTimeoutSeconds, signal };
    return this.#persist(() => this.#source.receive(options), signal);
  }

  /** Sets the visibility timeout of a message, from now on. */
  hide(message: SqsReceivedMessage, seconds: number): Promise<void> {
    return this.#source.hide(message, Math.min(seconds, SQS_MAX_RETRY_SECONDS));
  }

  /** Makes messages visible at once. */
  release(messages: readonly SqsReceivedMessage[]): Promise<void> {
    return this.#source.release(messages.map(({ receipt }) => receipt));
  }

  async #persist<Value>(call: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error;
        this.#onError(error);
        const seconds = retryDelaySeconds(error, attempt, BACKOFF, Math.random());
        await sleep(seconds * 1000, undefined, { signal });
      }
    }
  }
}
