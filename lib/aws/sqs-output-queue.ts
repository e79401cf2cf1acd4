import { type MessageAttributeValue, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../core/limits.ts';
import type { OutputMessage, OutputQueue, SendResult } from '../core/ports.ts';

/** Outcomes to an SQS queue. */
export class SqsOutputQueue implements OutputQueue {
  readonly maxMessages = SQS_MAX_BATCH_ENTRIES;
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** SQS counts the body and each attribute's name, type and value, in UTF-8. */
  sizeOf({ body, attributes }: OutputMessage): number {
    const counted = Object.entries(attributes).map(([name, { type, value }]) => name + type + value);
    return Buffer.byteLength(body) + Buffer.byteLength(counted.join(''));
  }

  async send(messages: readonly OutputMessage[]): Promise<readonly SendResult[]> {
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
    for (const { Id, SenderFault, Code, Message } of Failed ?? []) {
      results.set(Id, { sent: false, worthRetrying: !SenderFault, reason: `${Code}: ${Message ?? ''}` });
    }
    return messages.map((_, index) => results.get(String(index)) ?? UNMENTIONED);
  }
}

const UNMENTIONED: SendResult = {
  sent: false,
  worthRetrying: true,
  reason: "SQS's answer left the message out",
};

function sqsAttributes(attributes: OutputMessage['attributes']): Record<string, MessageAttributeValue> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, { type, value }]) => [name, { DataType: type, StringValue: value }]),
  );
}
