import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { Semaphore } from '../core/base/semaphore.ts';
import { SQS_MAX_BATCH_ENTRIES } from '../core/config/aws-limits.ts';
import type { Delivery } from '../core/model/received-message.ts';
import type { Deferral, InputQueue } from '../core/ports/message-source.ts';

/** As many as the client has sockets for. A thousand made at once would keep the process from minding its deadline. */
const CALLS_AT_ONCE = 50;

/** The SQS queue an event source reads from. */
export class SqsInputQueue implements InputQueue {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  defer(deferrals: readonly Deferral[]): Promise<void> {
    return this.#inBatches(deferrals, (batch) =>
      this.#client.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: this.#url,
          Entries: batch.map(({ delivery, delaySeconds }, index) => ({
            Id: String(index),
            ReceiptHandle: delivery.receipt,
            VisibilityTimeout: delaySeconds,
          })),
        }),
      ),
    );
  }

  acknowledge(deliveries: readonly Delivery[]): Promise<void> {
    return this.#inBatches(deliveries, (batch) =>
      this.#client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: this.#url,
          Entries: batch.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt })),
        }),
      ),
    );
  }

  /** @throws Error of the first call that failed, or that counts the entries SQS refused; every call was made */
  async #inBatches<Entry>(
    entries: readonly Entry[],
    call: (batch: readonly Entry[]) => Promise<{ Failed?: BatchResultErrorEntry[] }>,
  ): Promise<void> {
    const semaphore = new Semaphore(CALLS_AT_ONCE);
    const calls: ReturnType<typeof call>[] = [];
    for (let start = 0; start < entries.length; start += SQS_MAX_BATCH_ENTRIES) {
      calls.push(semaphore.run(0, () => call(entries.slice(start, start + SQS_MAX_BATCH_ENTRIES))));
    }
    await Promise.allSettled(calls);
    const refused = (await Promise.all(calls)).flatMap(({ Failed }) => Failed ?? []);
    const [first] = refused;
    if (first)
      throw new Error(
        `${refused.length} of ${entries.length} entries refused, the first with ${first.Code}: ${first.Message}`,
      );
  }
}
