import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Backlog, BacklogGauge } from '../core/ports/message-source.ts';

/**
 * What SQS says is in a queue. Its numbers settle within about a minute.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
 */
export class SqsBacklogGauge implements BacklogGauge {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  async read(): Promise<Backlog> {
    const { Attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.#url,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return {
      waiting: countOf(Attributes.ApproximateNumberOfMessages),
      inFlight: countOf(Attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: countOf(Attributes.ApproximateNumberOfMessagesDelayed),
    };
  }
}

/** @throws Error when SQS didn't give the number: it isn't 0 for that */
function countOf(attribute: string | undefined): number {
  if (attribute === undefined) throw new Error("SQS didn't say how many messages the queue has");
  return Number(attribute);
}
