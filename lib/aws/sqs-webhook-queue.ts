import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { WebhookQueue } from '../core/ports/webhooks.ts';

/** Webhooks to an SQS queue. */
export class SqsWebhookQueue implements WebhookQueue {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  async send(message: string, host: string, delaySeconds: number): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#url,
        MessageBody: message,
        MessageGroupId: host,
        DelaySeconds: delaySeconds,
      }),
    );
  }
}
