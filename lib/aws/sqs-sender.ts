import { randomUUID } from 'node:crypto';
import {
  type MessageAttributeValue,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { pack } from '../core/base/pack.ts';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { type BatchFailure, batchEntries, batchFailures } from './sqs-batch.ts';
import { isFifo } from './sqs-fifo.ts';

/** A message to send to an SQS queue. */
export interface OutgoingSqsMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>>;
  /** Message group. A standard queue is fair among groups, and a FIFO queue keeps the order of each. @default - none */
  readonly groupId?: string;
  /** A FIFO queue drops a message whose id came in its group within the last 5 minutes. @default - an id of its own */
  readonly deduplicationId?: string;
}

/** Sends messages to an SQS queue. */
export class SqsSender {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #isFifo: boolean;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
    this.#isFifo = isFifo(url);
  }

  /**
   * Sends one message.
   * @param delaySeconds whole seconds until its delivery, up to 900. @default the queue's own delay
   * @throws the SDK's error; SQS may have the message all the same
   */
  async send(message: OutgoingSqsMessage, delaySeconds?: number): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#url, ...this.#inputOf(message), DelaySeconds: delaySeconds }),
    );
  }

  /**
   * Sends messages in one call: at most 10, and at most 1 MiB together.
   * @returns the failures, in the order of the messages; undefined for messages that SQS accepted
   * @throws the SDK's error if the whole call fails
   */
  async sendBatch(messages: readonly OutgoingSqsMessage[]): Promise<(BatchFailure | undefined)[]> {
    const response = await this.#client.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#url,
        Entries: batchEntries(messages, (message) => this.#inputOf(message)),
      }),
    );
    return batchFailures(messages, response);
  }

  /** A FIFO queue takes no message without a group: one that has none gets a group of its own, so that it delays no other. */
  #inputOf({ body, attributes, groupId, deduplicationId = randomUUID() }: OutgoingSqsMessage) {
    const message = { MessageBody: body, MessageAttributes: attributes, MessageGroupId: groupId };
    if (!this.#isFifo) return message;
    return {
      ...message,
      MessageGroupId: groupId ?? deduplicationId,
      MessageDeduplicationId: deduplicationId,
    };
  }
}

/** Distributes messages over as few batches as they fit in. */
export function batchesOf<Message extends OutgoingSqsMessage>(messages: readonly Message[]): Message[][] {
  const sized = messages.map((message) => ({ message, size: messageSize(message) }));
  const limits = { maxMessages: SQS_MAX_BATCH_ENTRIES, maxBytes: SQS_MAX_MESSAGE_BYTES };
  return pack(sized, limits).map((batch) => batch.map(({ message }) => message));
}

/** The size of a message in bytes. SQS counts the body, and the name, type and value of each attribute, in UTF-8. */
export function messageSize({ body, attributes = {} }: OutgoingSqsMessage): number {
  let size = Buffer.byteLength(body);
  for (const [name, { DataType = '', StringValue = '', BinaryValue }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue);
    size += BinaryValue?.byteLength ?? 0;
  }
  return size;
}
