import {
  type BatchResultErrorEntry,
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import type { MessageAttribute } from '../core/model/received-message.ts';
import type { OutputMessage, OutputQueue, SendResult } from '../core/ports/message-sink.ts';

/**
 * Errors of a whole call that are the fault of a message in it: sent alone, the others pass.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
const MESSAGE_FAULTS: readonly string[] = ['BatchRequestTooLong', 'InvalidMessageContents'];

/**
 * Codes of entries that may pass, although SQS calls some of them the sender's fault: throttling, and the state and the
 * permissions of the queue and its key. The names vary: `KmsThrottled` is also `KMS.ThrottlingException`.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html#API_SendMessageBatch_Errors
 */
const PASSING = /throttl|kms|limit|access|security|exist/i;

/** Messages to an SQS queue. */
export class SqsOutputQueue implements OutputQueue {
  readonly maxMessages = SQS_MAX_BATCH_ENTRIES;
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  readonly maxMessageBytes: number;
  readonly #client: SQSClient;
  readonly #url: string;

  /** @param maxMessageBytes the queue's own MaximumMessageSize */
  constructor(client: SQSClient, url: string, maxMessageBytes = SQS_MAX_MESSAGE_BYTES) {
    this.#client = client;
    this.#url = url;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** SQS counts the body and each attribute's name, type and value, in UTF-8. */
  sizeOf({ body, attributes }: OutputMessage): number {
    let size = Buffer.byteLength(body);
    for (const [name, { type, value }] of Object.entries(attributes)) {
      size += Buffer.byteLength(name) + Buffer.byteLength(type) + Buffer.byteLength(value);
    }
    return size;
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    try {
      return await this.#sendBatch(messages);
    } catch (error) {
      if (!(error instanceof Error && MESSAGE_FAULTS.includes(error.name))) throw error;
      if (messages.length === 1) {
        return [{ sent: false, refused: true, reason: `${error.name}: ${error.message}` }];
      }
      return (await Promise.all(messages.map((message) => this.send([message])))).flat();
    }
  }

  async #sendBatch(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
    const { Successful, Failed } = await this.#client.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#url,
        Entries: messages.map(({ body, attributes, group }, index) => ({
          Id: String(index),
          MessageBody: body,
          MessageAttributes: sqsAttributes(attributes),
          MessageGroupId: group,
        })),
      }),
    );
    const results = new Map<string | undefined, SendResult>();
    for (const { Id } of Successful ?? []) results.set(Id, { sent: true });
    for (const entry of Failed ?? []) results.set(entry.Id, failureOf(entry));
    return messages.map((_, index) => results.get(String(index)) ?? UNMENTIONED);
  }
}

const UNMENTIONED: SendResult = {
  sent: false,
  refused: false,
  reason: "SQS's answer left the message out",
};

function failureOf({ SenderFault = false, Code = '', Message = '' }: BatchResultErrorEntry): SendResult {
  return { sent: false, refused: SenderFault && !PASSING.test(Code), reason: `${Code}: ${Message}` };
}

function sqsAttributes(attributes: OutputMessage['attributes']): Record<string, MessageAttributeValue> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(entries.map(([name, attribute]) => [name, sqsAttribute(attribute)]));
}

function sqsAttribute({ type, value }: MessageAttribute): MessageAttributeValue {
  return typeof value === 'string'
    ? { DataType: type, StringValue: value }
    : { DataType: type, BinaryValue: value };
}
