import type { SQSClient } from '@aws-sdk/client-sqs';
import { Semaphore } from '../core/base/semaphore.ts';
import { SQS_MAX_BATCH_ENTRIES } from '../core/config/aws-limits.ts';
import type { QueueMessage, ReceivedMessage, SourceCapabilities } from '../core/model/received-message.ts';
import type { OutputQueue } from '../core/ports/message-sink.ts';
import { DeadLetterSender, NO_DEAD_LETTER_QUEUE } from '../core/wire/dead-letter-sender.ts';
import type { BatchFailure } from './batch-call.ts';
import { sqsCapabilities } from './sqs-capabilities.ts';
import { SqsSource } from './sqs-source.ts';

/**
 * Most concurrent calls: the client has as many sockets. A thousand calls at once would delay the timers of the
 * deadline.
 */
const CALLS_AT_ONCE = 50;

/** An SQS message with the receipt that settles this delivery. */
export interface SqsMessage extends QueueMessage {
  readonly receipt: string;
}

/** Settles the messages of an SQS queue. Messages that are settled in one turn of the event loop share calls. */
export class SqsMessages {
  readonly #deletions: EntryBatcher<string>;
  readonly #visibilities: EntryBatcher<{ readonly receipt: string; readonly seconds: number }>;
  readonly #deadLetters: DeadLetterSender | undefined;
  readonly #capabilities: SourceCapabilities;

  /** @param deadLetters the queue's dead-letter queue; without it no message can be dead-lettered */
  constructor(
    client: SQSClient,
    url: string,
    deadLetters?: OutputQueue,
    capabilities: SourceCapabilities = sqsCapabilities(url),
  ) {
    this.#capabilities = capabilities;
    const source = new SqsSource(client, url);
    this.#deletions = new EntryBatcher((receipts) => source.deleteBatch(receipts));
    this.#visibilities = new EntryBatcher((entries) => source.hideBatch(entries));
    this.#deadLetters = deadLetters && new DeadLetterSender(deadLetters, Math.random);
  }

  /** Adds the methods that settle a message. */
  receive(message: SqsMessage): ReceivedMessage {
    const { receipt } = message;
    return {
      ...message,
      source: this.#capabilities,
      ack: () => this.#deletions.add(receipt),
      retryAfter: (seconds) => this.#visibilities.add({ receipt, seconds }),
      extend: (seconds) => this.#visibilities.add({ receipt, seconds }),
      deadLetter: async (reason) => this.#deadLetters?.send(message, reason) ?? NO_DEAD_LETTER_QUEUE,
    };
  }
}

interface Pending<Entry> {
  readonly entry: Entry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Sends the entries of one turn of the event loop in as few calls as possible. Each entry has its own result. */
class EntryBatcher<Entry> {
  readonly #call: (entries: readonly Entry[]) => Promise<readonly (BatchFailure | undefined)[]>;
  readonly #semaphore = new Semaphore(CALLS_AT_ONCE);
  #pending: Pending<Entry>[] = [];

  constructor(call: (entries: readonly Entry[]) => Promise<readonly (BatchFailure | undefined)[]>) {
    this.#call = call;
  }

  /** @throws the SDK's error for the call, or an Error if SQS rejects the entry */
  add(entry: Entry): Promise<void> {
    if (this.#pending.length === 0) setImmediate(() => this.#flush());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.push({ entry, resolve, reject });
    return promise;
  }

  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (let start = 0; start < pending.length; start += SQS_MAX_BATCH_ENTRIES) {
      void this.#send(pending.slice(start, start + SQS_MAX_BATCH_ENTRIES));
    }
  }

  async #send(batch: readonly Pending<Entry>[]): Promise<void> {
    try {
      const failures = await this.#semaphore.run({}, () => this.#call(batch.map(({ entry }) => entry)));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const failure = failures[index];
        if (failure) reject(new Error(`SQS rejected the entry: ${failure.reason}`));
        else resolve();
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
