import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  type QueueAttributeName,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { mapConcurrently } from '../core/base/map-concurrently.ts';
import { SQS_MAX_BATCH_ENTRIES } from '../core/config/aws-limits.ts';
import { type BatchFailure, batchEntries, batchFailures } from './batch-call.ts';

/** A message received from an SQS queue. */
export interface SqsReceivedMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  readonly groupId?: string;
  /** When it was sent, in milliseconds since 1970. A dead letter keeps the time of its original queue. */
  readonly sentAt: number;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  readonly receipt: string;
}

/** How to receive messages. */
export interface ReceiveOptions {
  /** Most messages to receive; SQS returns at most 10. */
  readonly maxMessages: number;
  /** Longest wait for a message, 0 to 20. */
  readonly waitSeconds: number;
  /** @default the queue's own */
  readonly visibilityTimeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

/** Concurrent calls that make messages visible again. */
const MAX_CALLS = 8;

/** Receives messages from an SQS queue. */
export class SqsSource {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Reads an attribute of the queue; NaN if SQS doesn't return it. @throws the SDK's error */
  async readNumber(name: QueueAttributeName, signal?: AbortSignal): Promise<number> {
    const { Attributes } = await this.#client.send(
      new GetQueueAttributesCommand({ QueueUrl: this.#url, AttributeNames: [name] }),
      { abortSignal: signal },
    );
    return Number(Attributes?.[name]);
  }

  /** @throws the SDK's error */
  async receive({ maxMessages, waitSeconds, ...options }: ReceiveOptions): Promise<SqsReceivedMessage[]> {
    const { Messages = [] } = await this.#client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: Math.min(maxMessages, SQS_MAX_BATCH_ENTRIES),
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: options.visibilityTimeoutSeconds,
        MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount', 'MessageGroupId'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: options.signal },
    );
    return Messages.map(messageOf);
  }

  /** Sets the visibility timeout of a message, from now on. @throws the SDK's error */
  async hide({ receipt }: Pick<SqsReceivedMessage, 'receipt'>, seconds: number): Promise<void> {
    await this.#client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: this.#url,
        ReceiptHandle: receipt,
        VisibilityTimeout: seconds,
      }),
    );
  }

  /** Makes messages visible at once. A message that SQS rejects becomes visible after its visibility timeout. */
  async release(receipts: readonly string[]): Promise<void> {
    const batches: string[][] = [];
    for (let start = 0; start < receipts.length; start += SQS_MAX_BATCH_ENTRIES) {
      batches.push(receipts.slice(start, start + SQS_MAX_BATCH_ENTRIES));
    }
    await mapConcurrently(batches, MAX_CALLS, (batch) =>
      this.hideBatch(batch.map((receipt) => ({ receipt, seconds: 0 }))),
    );
  }

  /**
   * Sets the visibility timeouts of at most 10 messages, from now on.
   * @returns the failures, in the order of the messages; undefined for messages that SQS changed
   * @throws the SDK's error if the whole call fails
   */
  async hideBatch(
    messages: readonly { readonly receipt: string; readonly seconds: number }[],
  ): Promise<(BatchFailure | undefined)[]> {
    const response = await this.#client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: this.#url,
        Entries: batchEntries(messages, ({ receipt, seconds }) => ({
          ReceiptHandle: receipt,
          VisibilityTimeout: seconds,
        })),
      }),
    );
    return batchFailures(messages, response);
  }

  /**
   * Deletes at most 10 messages.
   * @returns the failures, in the order of the receipts; undefined for messages that SQS deleted
   * @throws the SDK's error if the whole call fails
   */
  async deleteBatch(receipts: readonly string[]): Promise<(BatchFailure | undefined)[]> {
    const response = await this.#client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: this.#url,
        Entries: batchEntries(receipts, (receipt) => ({ ReceiptHandle: receipt })),
      }),
    );
    return batchFailures(receipts, response);
  }
}

function messageOf({
  MessageId = '',
  Body = '',
  ReceiptHandle = '',
  ...message
}: Message): SqsReceivedMessage {
  const { Attributes = {}, MessageAttributes = {} } = message;
  return {
    id: MessageId,
    body: Body,
    attributes: MessageAttributes,
    groupId: Attributes.MessageGroupId,
    sentAt: Number(Attributes.SentTimestamp),
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
    receipt: ReceiptHandle,
  };
}
