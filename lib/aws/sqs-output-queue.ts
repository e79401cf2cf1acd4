import type { SQSClient } from '@aws-sdk/client-sqs';
import { BatchOutputQueue } from './batch-output-queue.ts';
import { SqsSender } from './sqs-sender.ts';

/** An SQS queue as a message sink. */
export class SqsOutputQueue extends BatchOutputQueue {
  /** @param maxMessageBytes the queue's MaximumMessageSize. @default the most that SQS takes */
  constructor(client: SQSClient, url: string, maxMessageBytes?: number) {
    super(new SqsSender(client, url), { maxMessageBytes });
  }
}
