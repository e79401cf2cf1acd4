import type { SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { orderingGroup } from '../core/model/ordering-group.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { SubmissionPlace, SubmissionQueue } from '../core/ports/message-sink.ts';
import { isFifo } from './sqs-fifo.ts';
import { SqsSender } from './sqs-sender.ts';

/** Sends submissions to an SQS queue. */
export class SqsSubmissionQueue implements SubmissionQueue {
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  readonly ordered: boolean;
  readonly #sender: SqsSender;

  constructor(client: SQSClient, url: string) {
    this.#sender = new SqsSender(client, url);
    this.ordered = isFifo(url);
  }

  send(message: string, tenant: string | undefined, place?: SubmissionPlace): Promise<void> {
    if (this.ordered) {
      return this.#sender.send({
        body: message,
        groupId: orderingGroup(tenant, place?.orderingKey),
        deduplicationId: place && digestOf(place.requestId),
      });
    }
    // A digest, because names of tenants can be longer than a group id and have other characters.
    return this.#sender.send({ body: message, groupId: tenant === undefined ? undefined : digestOf(tenant) });
  }
}
