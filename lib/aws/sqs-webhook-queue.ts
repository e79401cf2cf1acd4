import type { SQSClient } from '@aws-sdk/client-sqs';
import type { WebhookQueue } from '../core/ports/webhooks.ts';
import { SqsSender } from './sqs-sender.ts';

/** Sends webhooks to an SQS queue. */
export class SqsWebhookQueue implements WebhookQueue {
  readonly #sender: SqsSender;

  constructor(client: SQSClient, url: string) {
    this.#sender = new SqsSender(client, url);
  }

  send(message: string, host: string, delaySeconds: number): Promise<void> {
    return this.#sender.send({ body: message, groupId: host, delaySeconds });
  }
}
