import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Backlog, BacklogGauge } from '../core/ports/message-source.ts';

/**
 * SQS's approximate message counts of a queue. They become consistent within about a minute.
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
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    return {
      waiting: countOf(Attributes.ApproximateNumberOfMessages),
      inFlight: countOf(Attributes.ApproximateNumberOfMessagesNotVisible),
    };
  }
}

/** @throws Error if SQS doesn't return the count: it must not be read as 0 */
function countOf(attribute: string | undefined): number {
  if (attribute === undefined) throw new Error("SQS didn't say how many messages the queue has");
  return Number(attribute);
}
