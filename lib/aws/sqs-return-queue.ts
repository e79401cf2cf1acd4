import { type MessageAttributeValue, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { pack } from '../core/base/pack.ts';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { refusalsOf } from './sqs-batch-refusals.ts';

/** A message to be put back. */
export interface ReturningMessage {
  /** The one it had. */
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly groupId?: string;
}

/** A queue of a service, as messages are put back into it. */
export class ReturnQueue {
  readonly #sqs: SQSClient;
  readonly #url: string;

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.#url = url;
  }

  /** Spreads messages over the calls they fit into. */
  calls<Message extends ReturningMessage>(messages: readonly Message[]): Message[][] {
    const sized = messages.map((message) => ({ message, size: sizeOf(message) }));
    const limits = { maxMessages: SQS_MAX_BATCH_ENTRIES, maxBytes: SQS_MAX_MESSAGE_BYTES };
    return pack(sized, limits).map((call) => call.map(({ message }) => message));
  }

  /** Makes one call. @returns why SQS didn't take those it didn't, by their ids */
  async send(messages: readonly ReturningMessage[]): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#url,
        Entries: messages.map(({ body, attributes, groupId }, index) => ({
          Id: String(index),
          MessageBody: body,
          MessageAttributes: attributes,
          MessageGroupId: groupId,
        })),
      }),
    );
    return refusalsOf(messages, answer);
  }
}

/** SQS counts the body and each attribute's name, type and value, in UTF-8. */
function sizeOf({ body, attributes }: ReturningMessage): number {
  const counted = Object.entries(attributes).map(
    ([name, { DataType = '', StringValue = '', BinaryValue }]) =>
      Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.byteLength ?? 0),
  );
  return counted.reduce((total, size) => total + size, Buffer.byteLength(body));
}
