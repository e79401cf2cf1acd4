import { backoffBound } from '../base/backoff.ts';
import { pack } from '../base/pack.ts';
import { messageOf } from '../base/serialize-error.ts';
import type { Outlet, SendResult } from '../ports/message-sink.ts';

/** The result for one message: published, or why not. */
export type Publication =
  | { readonly published: true }
  | {
      readonly published: false;
      /** The queue works, but will never accept this message in this form. */
      readonly refused: boolean;
      readonly reason: string;
    };

interface Waiting<Message> {
  readonly message: Message;
  readonly size: number;
  readonly settle: (publication: Publication) => void;
}

/**
 * Most sends of one message. After that, the request is left to redelivery, so that an outage doesn't use up the
 * invocation.
 */
const MAX_SENDS = 4;

/** Wait before the second send; it doubles, with full jitter. */
const RESEND_BASE_MILLISECONDS = 100;

/**
 * Publishes messages in as few calls as possible. It makes a call when one is full, when a message has waited as long as the
 * queue allows, or at once if no more messages are expected. So the outcomes of a large batch don't pile up in memory, and
 * a crash at its end doesn't lose all of them. {@link flush} sends the rest.
 */
export class BatchPublisher<Message> {
  readonly #queue: Outlet<Message>;
  readonly #random: () => number;
  readonly #isExpectingMore: () => boolean;
  #waiting: Waiting<Message>[] = [];
  #waitingBytes = 0;
  #linger: NodeJS.Timeout | undefined;

  /** @param isExpectingMore whether more messages may come soon, so that waiting for them is worthwhile */
  constructor(queue: Outlet<Message>, random: () => number, isExpectingMore: () => boolean) {
    this.#queue = queue;
    this.#random = random;
    this.#isExpectingMore = isExpectingMore;
  }

  /** Resolves when the message is sent, or after the last failed send. Never rejects. */
  async publish(message: Message): Promise<Publication> {
    const size = this.#queue.sizeOf(message);
    const { maxMessageBytes } = this.#queue;
    if (size > maxMessageBytes) {
      const reason = `the message is ${size} bytes; the queue's limit is ${maxMessageBytes}`;
      return { published: false, refused: true, reason };
    }
    const { promise, resolve } = Promise.withResolvers<Publication>();
    this.#await({ message, size, settle: resolve });
    if (this.#waiting.length >= this.#queue.maxMessages || this.#waitingBytes >= this.#queue.maxBytes) {
      this.#sendFullest();
    }
    return promise;
  }

  /** Sends all waiting messages. */
  flush(): void {
    for (const call of pack(this.#takeAll(), this.#queue)) void this.#send(call, 1);
  }

  #await(waiting: Waiting<Message>): void {
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.size;
    const { lingerMilliseconds } = this.#queue;
    // The shortest timer takes a millisecond.
    if (lingerMilliseconds > 0 && this.#isExpectingMore()) {
      this.#linger ??= setTimeout(() => this.flush(), lingerMilliseconds);
    } else setImmediate(() => this.flush());
  }

  #sendFullest(): void {
    const [fullest, ...others] = pack(this.#takeAll(), this.#queue);
    for (const waiting of others.flat()) this.#await(waiting);
    if (fullest) void this.#send(fullest, 1);
  }

  #takeAll(): Waiting<Message>[] {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    const all = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return all;
  }

  /** Sends messages, and retries transient failures. */
  async #send(call: readonly Waiting<Message>[], attempt: number): Promise<void> {
    let results: readonly SendResult[];
    try {
      results = await this.#queue.send(call.map(({ message }) => message));
    } catch (error) {
      // The whole call failed after the client's own retries.
      const reason = messageOf(error);
      for (const { settle } of call) settle({ published: false, refused: false, reason });
      return;
    }
    const again: Waiting<Message>[] = [];
    for (const [index, waiting] of call.entries()) {
      const result = results[index] ?? NO_RESULT;
      if (result.sent) waiting.settle({ published: true });
      else if (!result.refused && attempt < MAX_SENDS) again.push(waiting);
      else waiting.settle({ published: false, refused: result.refused, reason: result.reason });
    }
    if (again.length === 0) return;
    await pause(this.#random() * backoffBound(attempt, RESEND_BASE_MILLISECONDS));
    await this.#send(again, attempt + 1);
  }
}

const NO_RESULT: SendResult = {
  sent: false,
  refused: false,
  reason: 'the queue returned no result for the message',
};

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
