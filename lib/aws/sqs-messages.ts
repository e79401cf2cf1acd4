import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { Semaphore } from '../core/base/semaphore.ts';
import { SQS_MAX_BATCH_ENTRIES } from '../core/config/aws-limits.ts';
import type { DeadLettering, QueueMessage, ReceivedMessage } from '../core/model/received-message.ts';
import type { OutputMessage, OutputQueue } from '../core/ports/message-sink.ts';
import { ATTRIBUTES } from '../core/wire/attributes.ts';
import { BatchPublisher } from '../core/wire/batch-publisher.ts';
import { encodeDeadLetter } from '../core/wire/encode-dead-letter.ts';
import { type BatchResponse, batchEntries, batchFailures } from './sqs-batch.ts';
import { SQS_CAPABILITIES } from './sqs-capabilities.ts';

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
  readonly #deadLetters: OutputQueue | undefined;
  readonly #deadLetterPublisher: BatchPublisher<OutputMessage> | undefined;

  /** @param deadLetters the queue's dead-letter queue; without it no message can be dead-lettered */
  constructor(client: SQSClient, url: string, deadLetters?: OutputQueue) {
    this.#deletions = new EntryBatcher((receipts) =>
      client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: url,
          Entries: batchEntries(receipts, (receipt) => ({ ReceiptHandle: receipt })),
        }),
      ),
    );
    this.#visibilities = new EntryBatcher((entries) =>
      client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: url,
          Entries: batchEntries(entries, ({ receipt, seconds }) => ({
            ReceiptHandle: receipt,
            VisibilityTimeout: seconds,
          })),
        }),
      ),
    );
    this.#deadLetters = deadLetters;
    this.#deadLetterPublisher = deadLetters && new BatchPublisher(deadLetters, Math.random, () => false);
  }

  /** Adds the methods that settle a message. */
  receive(message: SqsMessage): ReceivedMessage {
    const { receipt } = message;
    return {
      ...message,
      source: SQS_CAPABILITIES,
      ack: () => this.#deletions.add(receipt),
      retryAfter: (seconds) => this.#visibilities.add({ receipt, seconds }),
      extend: (seconds) => this.#visibilities.add({ receipt, seconds }),
      deadLetter: (reason) => this.#deadLetter(message, reason),
    };
  }

  async #deadLetter(
    message: SqsMessage,
    reason: Parameters<ReceivedMessage['deadLetter']>[0],
  ): Promise<DeadLettering> {
    if (!this.#deadLetters || !this.#deadLetterPublisher) {
      return { moved: false, refused: true, reason: 'the queue has no dead-letter queue' };
    }
    const letter = encodeDeadLetter(message, reason, this.#deadLetters);
    const publication = await this.#deadLetterPublisher.publish(letter);
    if (!publication.published) return { ...publication, moved: false };
    return { moved: true, bare: !(ATTRIBUTES.deadLetterRedrives in letter.attributes) };
  }
}

interface Pending<Entry> {
  readonly entry: Entry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Sends the entries of one turn of the event loop in as few calls as possible. Each entry has its own result. */
class EntryBatcher<Entry> {
  readonly #call: (entries: readonly Entry[]) => Promise<BatchResponse>;
  readonly #semaphore = new Semaphore(CALLS_AT_ONCE);
  #pending: Pending<Entry>[] = [];

  constructor(call: (entries: readonly Entry[]) => Promise<BatchResponse>) {
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
      const response = await this.#semaphore.run(0, () => this.#call(batch.map(({ entry }) => entry)));
      const failures = batchFailures(batch, response);
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
