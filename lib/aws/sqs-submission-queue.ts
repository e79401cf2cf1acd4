import type { SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { SubmissionQueue } from '../core/ports/message-sink.ts';
import { SqsSender } from './sqs-sender.ts';

/** Sends submissions to an SQS queue. */
export class SqsSubmissionQueue implements SubmissionQueue {
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  readonly #sender: SqsSender;

  constructor(client: SQSClient, url: string) {
    this.#sender = new SqsSender(client, url);
  }

  send(message: string, tenant: string | undefined): Promise<void> {
    // A digest, because names of tenants can be longer than a group id and have other characters.
    return this.#sender.send({ body: message, groupId: tenant === undefined ? undefined : digestOf(tenant) });
  }
}
