import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { SubmissionQueue } from '../core/ports/message-sink.ts';

/** Submissions to an SQS queue. */
export class SqsSubmissionQueue implements SubmissionQueue {
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  async send(message: string, tenant: string | undefined): Promise<void> {
    await this.#client.send(
      new SendMessageCommand({
        QueueUrl: this.#url,
        MessageBody: message,
        // A standard queue is fair among groups. Their names hold fewer characters than those of tenants.
        MessageGroupId: tenant === undefined ? undefined : digestOf(tenant),
      }),
    );
  }
}
