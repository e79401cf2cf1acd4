import type { SQSClient } from '@aws-sdk/client-sqs';
import {
  SCHEDULER_MAX_INPUT_BYTES,
  SQS_MAX_DELAY_SECONDS,
  SQS_MAX_MESSAGE_BYTES,
} from '../core/config/aws-limits.ts';
import { orderingGroup } from '../core/model/ordering-group.ts';
import { digestOf, type RequestIdentity } from '../core/model/request-id.ts';
import { secondsUntil } from '../core/model/retry.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { RemovableMessages } from '../core/ports/delayed-messages.ts';
import type { SubmissionPlace, SubmissionQueue } from '../core/ports/message-sink.ts';
import { isSubmissionOf } from '../core/wire/submission.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { isFifo } from './sqs-fifo.ts';
import { batchesOf, SqsSender } from './sqs-sender.ts';

/** Begins the placeholders that EventBridge Scheduler replaces in a message. */
const PLACEHOLDER = '<aws.scheduler.';

/** How submissions are delayed. */
export interface SubmissionDelays {
  readonly clock: Clock;
  /** Sends submissions that are delayed for longer than SQS can. @default - none are */
  readonly later?: RemovableMessages;
}

/** A submission that waits for the others of its turn. */
interface Waiting extends OutgoingMessage {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Sends submissions to an SQS queue. Those of one turn of the event loop share calls. */
export class SqsSubmissionQueue implements SubmissionQueue {
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  readonly maxDelaySeconds: number;
  readonly ordered: boolean;
  readonly #sender: SqsSender;
  readonly #delays: SubmissionDelays;
  #waiting: Waiting[] = [];
  /** A queue that keeps order gets one call after another. */
  #sending: Promise<unknown> = Promise.resolve();

  constructor(client: SQSClient, url: string, delays: SubmissionDelays = { clock: Date }) {
    this.#sender = new SqsSender(client, url);
    this.#delays = delays;
    this.ordered = isFifo(url);
    const longest = delays.later ? Number.POSITIVE_INFINITY : SQS_MAX_DELAY_SECONDS;
    this.maxDelaySeconds = this.ordered ? 0 : longest;
  }

  canDelay(message: string): boolean {
    if (!this.#delays.later) return true;
    return Buffer.byteLength(message) <= SCHEDULER_MAX_INPUT_BYTES && !message.includes(PLACEHOLDER);
  }

  send(message: string, tenant: string | undefined, place?: SubmissionPlace): Promise<void> {
    const { clock, later } = this.#delays;
    const { notBefore = 0 } = place ?? {};
    const delaySeconds = Math.ceil(secondsUntil(notBefore, clock.now()));
    if (place && later && delaySeconds > SQS_MAX_DELAY_SECONDS) {
      return later.schedule(place.requestId, message, notBefore);
    }
    const delay = delaySeconds > 0 ? { delaySeconds } : {};
    return this.#share({ body: message, ...delay, ...this.#placeOf(tenant, place) });
  }

  /** Sends the message before it removes the waiting one, so that a crash in between doesn't lose it. */
  async promote(request: RequestIdentity): Promise<void> {
    const { later } = this.#delays;
    const { id, tenant } = request;
    const message = await later?.find(id);
    // Senders choose the ids of other messages.
    if (message === undefined || !isSubmissionOf(message, request)) return;
    await this.send(message, tenant, { requestId: id });
    await later?.remove(id);
  }

  #placeOf(tenant: string | undefined, place: SubmissionPlace | undefined) {
    if (this.ordered) {
      return {
        groupId: orderingGroup(tenant, place?.orderingKey),
        // Tenants may have schedules of one name, whose requests have one id.
        deduplicationId: place && digestOf(place.requestId, ...(tenant === undefined ? [] : [tenant])),
      };
    }
    // A digest, because names of tenants can be longer than a group id and have other characters.
    return { groupId: tenant === undefined ? undefined : digestOf(tenant) };
  }

  #share(message: OutgoingMessage): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ ...message, resolve, reject });
    if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    return promise;
  }

  #flush(): void {
    const batches = batchesOf(this.#waiting);
    this.#waiting = [];
    for (const batch of batches) {
      const send = () => this.#sendBatch(batch);
      this.#sending = this.ordered ? this.#sending.then(send) : send();
    }
  }

  /** Never rejects. */
  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const [only, ...others] = batch;
      if (only && others.length === 0) {
        await this.#sender.send(only);
        return only.resolve();
      }
      const failures = await this.#sender.sendBatch(batch);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const failure = failures[index];
        if (failure) reject(new Error(failure.reason));
        else resolve();
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
