import type { SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_VISIBILITY_SECONDS } from '../core/config/aws-limits.ts';
import { type SqsReceivedMessage, SqsSource } from './sqs-source.ts';

/** A shorter poll asks only some of SQS's servers, and can miss messages. */
const POLL_SECONDS = 1;

/** Consecutive receives without a new message that mark the end of the queue. */
const EMPTY_RECEIVES = 2;

/** How long a message stays invisible, in addition to the time of the walk. */
const SPARE_SECONDS = 60;

/** A rate that a walk certainly reaches unless its caller is slower. */
const LEAST_PER_SECOND = 50;

/** A dead-letter queue that can be walked through. Messages stay in the queue unless they are deleted. */
export class DeadLetterQueue {
  readonly #source: SqsSource;
  /** Receipts of messages that a walk made invisible, by message id. */
  readonly #hidden = new Map<string, string>();

  constructor(sqs: SQSClient, url: string) {
    this.#source = new SqsSource(sqs, url);
  }

  /** The approximate number of visible messages. */
  async count(): Promise<number> {
    return (await this.#source.readNumber('ApproximateNumberOfMessages')) || 0;
  }

  /**
   * Walks through the queue once, a few messages at a time. Messages are invisible to other consumers during the walk.
   * However the walk ends, messages that weren't deleted become visible again.
   * @param perSecond how many messages the caller handles in a second at most
   * @throws the signal's reason, between receives only: an aborted receive would leave its messages invisible
   */
  async *walk(perSecond: number, signal: AbortSignal): AsyncGenerator<readonly SqsReceivedMessage[], void> {
    const visibilityTimeoutSeconds = hiddenSecondsOf(await this.count(), perSecond);
    const options = {
      maxMessages: SQS_MAX_BATCH_ENTRIES,
      waitSeconds: POLL_SECONDS,
      visibilityTimeoutSeconds,
    };
    const seen = new Set<string>();
    let empty = 0;
    try {
      while (empty < EMPTY_RECEIVES) {
        signal.throwIfAborted();
        const messages = await this.#source.receive(options);
        for (const { id, receipt } of messages) this.#hidden.set(id, receipt);
        const fresh = messages.filter(({ id }) => !seen.has(id));
        for (const { id } of fresh) seen.add(id);
        empty = fresh.length === 0 ? empty + 1 : 0;
        if (fresh.length > 0) yield fresh;
      }
    } finally {
      const receipts = [...this.#hidden.values()];
      this.#hidden.clear();
      await this.#source.release(receipts);
    }
  }

  /**
   * Deletes at most 10 messages of a walk.
   * @returns why SQS didn't delete messages, by message id
   */
  async delete(messages: readonly SqsReceivedMessage[]): Promise<ReadonlyMap<string, string>> {
    const failures = await this.#source.deleteBatch(messages.map(({ receipt }) => receipt));
    const reasons = new Map<string, string>();
    for (const [index, { id }] of messages.entries()) {
      const failure = failures[index];
      if (failure) reasons.set(id, failure.reason);
      else this.#hidden.delete(id);
    }
    return reasons;
  }
}

/** Long enough for the walk: a message that became visible before its end would be received twice, and delay the end. */
function hiddenSecondsOf(count: number, perSecond: number): number {
  const walkSeconds = count / Math.min(perSecond, LEAST_PER_SECOND);
  return Math.min(Math.ceil(SPARE_SECONDS + walkSeconds), SQS_MAX_VISIBILITY_SECONDS);
}
