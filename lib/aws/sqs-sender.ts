import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { pack } from '../core/base/pack.ts';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { type BatchFailure, batchEntries, batchFailures } from './batch-call.ts';
import type { BatchSender } from './batch-output-queue.ts';
import { messageSize, type OutgoingMessage, placeOf } from './outgoing-message.ts';
import { isFifo } from './sqs-fifo.ts';

/** Sends messages to an SQS queue. */
export class SqsSender implements BatchSender {
  readonly isFifo: boolean;
  readonly maxMessages = SQS_MAX_BATCH_ENTRIES;
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
    this.isFifo = isFifo(url);
  }

  /**
   * Sends one message.
   * @throws the SDK's error; SQS may have the message all the same
   */
  async send(message: OutgoingMessage): Promise<void> {
    await this.#client.send(new SendMessageCommand({ QueueUrl: this.#url, ...this.#inputOf(message) }));
  }

  /**
   * Sends messages in one call: at most 10, and at most 1 MiB together.
   * @returns the failures, in the order of the messages; undefined for messages that SQS accepted
   * @throws the SDK's error if the whole call fails
   */
  async sendBatch(messages: readonly OutgoingMessage[]): Promise<(BatchFailure | undefined)[]> {
    const response = await this.#client.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#url,
        Entries: batchEntries(messages, (message) => this.#inputOf(message)),
      }),
    );
    return batchFailures(messages, response);
  }

  #inputOf(message: OutgoingMessage) {
    const { body, attributes, delaySeconds } = message;
    return {
      MessageBody: body,
      MessageAttributes: attributes,
      DelaySeconds: delaySeconds,
      ...placeOf(message, this.isFifo),
    };
  }
}

/** Distributes messages over as few batches as they fit in. */
export function batchesOf<Message extends OutgoingMessage>(messages: readonly Message[]): Message[][] {
  const sized = messages.map((message) => ({ message, size: messageSize(message) }));
  const limits = { maxMessages: SQS_MAX_BATCH_ENTRIES, maxBytes: SQS_MAX_MESSAGE_BYTES };
  return pack(sized, limits).map((batch) => batch.map(({ message }) => message));
}
