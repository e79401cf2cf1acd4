import type { StoredActionItem } from '../../aws/dynamodb-action-store.ts';
import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import type { SqsReceivedMessage } from '../../aws/sqs-source.ts';

/** A dead letter that an action lists. */
export interface ListedLetter {
  readonly item: StoredActionItem;
  readonly message: SqsReceivedMessage;
}

/** Options of a {@link LetterRun}. */
export interface LetterRunOptions {
  readonly queue: Pick<DeadLetterQueue, 'walk' | 'delete'>;
  /** The requests that an action lists. */
  readonly items: readonly StoredActionItem[];
  /** Dead letters that are handled in a second. */
  readonly perSecond: number;
}

/**
 * A walk through the dead-letter queue that finds the dead letters of an action. SQS can't look up a message, and returns
 * messages in no order: each is handled when the walk comes to it.
 */
export class LetterRun implements AsyncDisposable {
  readonly #queue: LetterRunOptions['queue'];
  readonly #walk: AsyncGenerator<readonly SqsReceivedMessage[], void>;
  /** Requests that aren't settled, by the ids of their dead letters. */
  readonly #pending: Map<string, StoredActionItem>;
  /** Dead letters of requests that were put back: the process that did so ended before it could delete them. */
  readonly #superfluous: ReadonlySet<string>;
  #found: readonly ListedLetter[] = [];

  constructor({ queue, items, perSecond }: LetterRunOptions) {
    this.#queue = queue;
    this.#walk = queue.walk(perSecond, new AbortController().signal);
    const pending = items.filter(({ result }) => result === undefined);
    this.#pending = new Map(pending.map((item) => [item.letter ?? '', item]));
    const done = items.filter(({ result }) => result === 'done');
    this.#superfluous = new Set(done.map(({ letter = '' }) => letter));
  }

  /** The next dead letters that the action lists; none at the end of the queue. */
  async next(limit: number): Promise<readonly ListedLetter[]> {
    while (this.#found.length === 0 && this.#pending.size > 0) {
      const { value: messages, done } = await this.#walk.next();
      if (done) break;
      const superfluous = messages.filter(({ id }) => this.#superfluous.has(id));
      if (superfluous.length > 0) await this.#queue.delete(superfluous);
      this.#found = messages.flatMap((message) => {
        const item = this.#pending.get(message.id);
        return item ? [{ item, message }] : [];
      });
      for (const { message } of this.#found) this.#pending.delete(message.id);
    }
    const next = this.#found.slice(0, limit);
    this.#found = this.#found.slice(limit);
    return next;
  }

  /** Deletes at most 10 messages. @returns why SQS didn't delete some of them, by message id */
  delete(messages: readonly SqsReceivedMessage[]): Promise<ReadonlyMap<string, string>> {
    return this.#queue.delete(messages);
  }

  /** After the end of the queue: listed requests whose dead letters aren't there. */
  missing(limit: number): readonly StoredActionItem[] {
    const missing = [...this.#pending.values()].slice(0, limit);
    for (const { letter = '' } of missing) this.#pending.delete(letter);
    return missing;
  }

  /** Returns the other dead letters to the queue. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#walk.return();
  }
}
