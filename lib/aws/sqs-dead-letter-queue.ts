import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { mapConcurrently } from '../core/base/map-concurrently.ts';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_VISIBILITY_SECONDS } from '../core/config/aws-limits.ts';
import { refusalsOf } from './sqs-batch-refusals.ts';

/** A message of the dead-letter queue. */
export interface DeadMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** Whose turn it takes, where its sender said so. */
  readonly groupId?: string;
  /** When it was put into the queue it comes from, in milliseconds since 1970. */
  readonly sentAt: number;
  /** How often it was received, this time included. */
  readonly receiveCount: number;
  readonly receipt: string;
}

/** Shorter polls ask some of the queue's servers only, and find nothing where there is something. */
const POLL_SECONDS = 1;

/** Receives in a row without a message that is new: the end of the queue. */
const BARREN_RECEIVES = 2;

/** How long a message is hidden besides the time it takes to go through the queue. */
const SPARE_SECONDS = 60;

/** What is surely gone through in a second where nothing else slows it down. */
const LEAST_PER_SECOND = 50;

const CALLS_AT_ONCE = 8;

/** A dead-letter queue of a service, gone through without taking anything away but what is deleted. */
export class DeadLetterQueue {
  readonly #sqs: SQSClient;
  readonly #url: string;
  /** Receipts of messages hidden by a walk. */
  readonly #hidden = new Map<string, string>();

  constructor(sqs: SQSClient, url: string) {
    this.#sqs = sqs;
    this.#url = url;
  }

  /** About how many messages there are to go through. */
  async count(): Promise<number> {
    const { Attributes } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: this.#url, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  }

  /**
   * Goes through the queue once, a few messages at a time. They are hidden from others meanwhile; when the walk ends,
   * however it does, those that weren't deleted are given back.
   * @param perSecond how many at most the caller deals with
   * @throws the signal's reason, between receives: none is broken off, which would leave its messages hidden
   */
  async *walk(perSecond: number, signal: AbortSignal): AsyncGenerator<readonly DeadMessage[], void> {
    const hiddenSeconds = hiddenSecondsOf(await this.count(), perSecond);
    const seen = new Set<string>();
    let barren = 0;
    try {
      while (barren < BARREN_RECEIVES) {
        signal.throwIfAborted();
        const messages = await this.#receive(hiddenSeconds);
        const fresh = messages.filter(({ id }) => !seen.has(id));
        for (const { id } of fresh) seen.add(id);
        barren = fresh.length === 0 ? barren + 1 : 0;
        if (fresh.length > 0) yield fresh;
      }
    } finally {
      await this.#giveBack();
    }
  }

  /**
   * Deletes messages of a walk, ten at most.
   * @returns why SQS didn't delete those it didn't, by their ids
   */
  async delete(messages: readonly DeadMessage[]): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: this.#url,
        Entries: messages.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt })),
      }),
    );
    const refusals = refusalsOf(messages, answer);
    for (const { id } of messages) if (!refusals.has(id)) this.#hidden.delete(id);
    return refusals;
  }

  async #receive(hiddenSeconds: number): Promise<DeadMessage[]> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: SQS_MAX_BATCH_ENTRIES,
        WaitTimeSeconds: POLL_SECONDS,
        VisibilityTimeout: hiddenSeconds,
        MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount', 'MessageGroupId'],
        MessageAttributeNames: ['All'],
      }),
    );
    const messages = Messages.map(messageOf);
    for (const { id, receipt } of messages) this.#hidden.set(id, receipt);
    return messages;
  }

  /** One that can't be given back comes back by itself when its time is over. */
  async #giveBack(): Promise<void> {
    const receipts = [...this.#hidden.values()];
    this.#hidden.clear();
    const batches: string[][] = [];
    while (receipts.length > 0) batches.push(receipts.splice(0, SQS_MAX_BATCH_ENTRIES));
    await mapConcurrently(batches, CALLS_AT_ONCE, (batch) =>
      this.#sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: this.#url,
          Entries: batch.map((receipt, index) => ({
            Id: String(index),
            ReceiptHandle: receipt,
            VisibilityTimeout: 0,
          })),
        }),
      ),
    );
  }
}

/** What came back before the walk is over would be gone through twice, and hold up its end. */
function hiddenSecondsOf(count: number, perSecond: number): number {
  const walkSeconds = count / Math.min(perSecond, LEAST_PER_SECOND);
  return Math.min(Math.ceil(SPARE_SECONDS + walkSeconds), SQS_MAX_VISIBILITY_SECONDS);
}

function messageOf({ MessageId = '', Body = '', ReceiptHandle = '', ...message }: Message): DeadMessage {
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
