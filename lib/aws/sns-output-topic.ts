import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { SNS_MAX_BATCH_ENTRIES, SNS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { type BatchFailure, batchEntries, batchFailures } from './batch-call.ts';
import { BatchOutputQueue, type BatchSender } from './batch-output-queue.ts';
import { SMALL_CALLS } from './clients.ts';
import { type OutgoingMessage, placeOf } from './outgoing-message.ts';
import { isFifo } from './sqs-fifo.ts';

/** An SNS topic as a message sink. Its subscriptions select messages by their labels. */
export class SnsOutputTopic extends BatchOutputQueue {
  constructor(client: SNSClient, arn: string) {
    super(new SnsPublisher(client, arn), { fansOut: true });
  }
}

/** A client for topics. */
export function topicClient(): SNSClient {
  return new SNSClient({ requestHandler: SMALL_CALLS });
}

class SnsPublisher implements BatchSender {
  readonly isFifo: boolean;
  readonly maxMessages = SNS_MAX_BATCH_ENTRIES;
  readonly maxBytes = SNS_MAX_MESSAGE_BYTES;
  readonly #client: SNSClient;
  readonly #arn: string;

  constructor(client: SNSClient, arn: string) {
    this.#client = client;
    this.#arn = arn;
    this.isFifo = isFifo(arn);
  }

  async sendBatch(messages: readonly OutgoingMessage[]): Promise<(BatchFailure | undefined)[]> {
    const response = await this.#client.send(
      new PublishBatchCommand({
        TopicArn: this.#arn,
        PublishBatchRequestEntries: batchEntries(messages, (message) => ({
          Message: message.body,
          MessageAttributes: message.attributes,
          ...placeOf(message, this.isFifo),
        })),
      }),
    );
    return batchFailures(messages, response);
  }
}
