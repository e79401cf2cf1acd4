import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES } from '../core/config/aws-limits.ts';
import { retryDelaySeconds } from '../core/model/retry.ts';
import { isFinal } from './sqs-error.ts';

/** Longest poll SQS knows: the fewest calls. */
const POLL_SECONDS = 20;

/** Waits after calls that failed. */
const BACKOFF = { retryBaseSeconds: 1, retryCapSeconds: 20 };

/** A message that was received. */
export interface ReceivedMessage {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  /** Whether it has the attributes of the format `raw`. */
  readonly isRaw: boolean;
}

/** An output queue as its consumer sees it. */
export class OutcomeQueue {
  readonly #sqs: SQSClient;
  readonly #url: string;
  readonly #onError: (error: unknown) => void;

  /** @param onError told of what is tried again */
  constructor(sqs: SQSClient, url: string, onError: (error: unknown) => void) {
    this.#sqs = sqs;
    this.#url = url;
    this.#onError = onError;
  }

  /** @throws what SQS says when trying again can't help, and when the signal fires */
  async visibilityTimeoutSeconds(signal: AbortSignal): Promise<number> {
    const command = new GetQueueAttributesCommand({
      QueueUrl: this.#url,
      AttributeNames: ['VisibilityTimeout'],
    });
    const { Attributes } = await this.#persistently(
      () => this.#sqs.send(command, { abortSignal: signal }),
      signal,
    );
    return Number(Attributes?.VisibilityTimeout);
  }

  /** Waits for messages, at most so many. @throws as above */
  async receive(
    count: number,
    visibilityTimeoutSeconds: number,
    signal: AbortSignal,
  ): Promise<ReceivedMessage[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#url,
      MaxNumberOfMessages: Math.min(count, SQS_MAX_BATCH_ENTRIES),
      WaitTimeSeconds: POLL_SECONDS,
      VisibilityTimeout: visibilityTimeoutSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      MessageAttributeNames: ['RequestId', 'Status'],
    });
    const { Messages = [] } = await this.#persistently(
      () => this.#sqs.send(command, { abortSignal: signal }),
      signal,
    );
    return Messages.map(messageOf);
  }

  /** Hides a message for so long from now. */
  async hide({ receipt }: ReceivedMessage, seconds: number): Promise<void> {
    await this.#sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: this.#url,
        ReceiptHandle: receipt,
        VisibilityTimeout: seconds,
      }),
    );
  }

  /** Gives back messages of one receive. One that can't be given back comes again when its time is over. */
  async giveBack(messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: this.#url,
        Entries: messages.map(({ receipt }, index) => ({
          Id: String(index),
          ReceiptHandle: receipt,
          VisibilityTimeout: 0,
        })),
      }),
    );
  }

  async #persistently<Value>(call: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error;
        this.#onError(error);
        const seconds = retryDelaySeconds(error, attempt, BACKOFF, Math.random());
        await sleep(seconds * 1000, undefined, { signal });
      }
    }
  }
}

function messageOf({ MessageId = '', ReceiptHandle = '', Body = '', ...message }: Message): ReceivedMessage {
  return {
    id: MessageId,
    receipt: ReceiptHandle,
    body: Body,
    receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
    isRaw: message.MessageAttributes?.Status !== undefined,
  };
}
