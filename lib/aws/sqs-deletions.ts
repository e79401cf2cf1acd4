import { setTimeout as sleep } from 'node:timers/promises';
import { type BatchResultErrorEntry, DeleteMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES } from '../core/config/aws-limits.ts';

/** How often an entry is tried that SQS couldn't delete. */
const TRIES = 3;

/** Upper bound of the wait before a further try. */
const RETRY_MILLISECONDS = 200;

interface Deletion extends PromiseWithResolvers<void> {
  readonly receipt: string;
  tries: number;
}

/** Deletes messages, in one call what comes up while the call before is made. */
export class Deletions {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #waiting: Deletion[] = [];
  #isBusy = false;

  constructor(sqs: SQSClient, queueUrl: string) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
  }

  /** @throws when the message wasn't deleted: it will come again */
  delete(receipt: string): Promise<void> {
    const deletion = { ...Promise.withResolvers<void>(), receipt, tries: 0 };
    this.#waiting.push(deletion);
    if (!this.#isBusy) void this.#work();
    return deletion.promise;
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    // What ends together goes together.
    await sleep(0);
    while (this.#waiting.length > 0) await this.#deleteBatch(this.#waiting.splice(0, SQS_MAX_BATCH_ENTRIES));
    this.#isBusy = false;
  }

  /** Entries have indexes for ids: the same message may be there twice. */
  async #deleteBatch(batch: readonly Deletion[]): Promise<void> {
    const command = new DeleteMessageBatchCommand({
      QueueUrl: this.#queueUrl,
      Entries: batch.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt })),
    });
    try {
      const { Successful = [], Failed = [] } = await this.#sqs.send(command);
      const deleted = new Set(Successful.map(({ Id }) => Id));
      const failures = new Map(Failed.map((failure) => [failure.Id, failure]));
      batch.forEach((deletion, index) => {
        if (deleted.has(String(index))) deletion.resolve();
        else this.#failed(deletion, failures.get(String(index)));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    if (this.#waiting.some(({ tries }) => tries > 0)) await sleep(Math.random() * RETRY_MILLISECONDS);
  }

  #failed(deletion: Deletion, failure: BatchResultErrorEntry | undefined): void {
    deletion.tries++;
    if (!failure?.SenderFault && deletion.tries < TRIES) {
      this.#waiting.push(deletion);
      return;
    }
    const reason = failure ? `${failure.Code}: ${failure.Message}` : "SQS's answer left it out";
    deletion.reject(new Error(`A message wasn't deleted: ${reason}`));
  }
}
