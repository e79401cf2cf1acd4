import {
  type MessageAttributeValue,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { pack } from '../core/base/pack.ts';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { type BatchFailure, batchEntries, batchFailures } from './sqs-batch.ts';

/** A message to send to an SQS queue. */
export interface OutgoingSqsMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>>;
  /** Message group. A standard queue is fair among groups. */
  readonly groupId?: string;
}

/** Sends messages to an SQS queue. */
export class SqsSender {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /**
   * Sends one message.
   * @param delaySeconds whole seconds until its delivery, up to 900. @default the queue's own delay
   * @throws the SDK's error; SQS may have the message all the same
   */
  async send(message: OutgoingSqsMessage, delaySeconds?: number): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({ QueueUrl: this.#url, ...inputOf(message), DelaySeconds: delaySeconds }),
    );
  }

  /**
   * Sends messages in one call: at most 10, and at most 1 MiB together.
   * @returns the failures, in the order of the messages; undefined for messages that SQS accepted
   * @throws the SDK's error if the whole call fails
   */
  async sendBatch(messages: readonly OutgoingSqsMessage[]): Promise<(BatchFailure | undefined)[]> {
    const response = await this.#client.send(
      new SendMessageBatchCommand({ QueueUrl: this.#url, Entries: batchEntries(messages, inputOf) }),
    );
    return batchFailures(messages, response);
  }
}

function inputOf({ body, attributes, groupId }: OutgoingSqsMessage) {
  return { MessageBody: body, MessageAttributes: attributes, MessageGroupId: groupId };
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
