import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES } from '../core/config/aws-limits.ts';
import type { BatchFailure } from './batch-call.ts';
import { SqsSource } from './sqs-source.ts';

/** Most attempts to delete a message. */
const MAX_ATTEMPTS = 3;

/** Upper bound of the wait before another attempt. */
const RETRY_MILLISECONDS = 200;

interface Deletion extends PromiseWithResolvers<void> {
  readonly receipt: string;
  attempts: number;
}

/** Deletes messages. Deletions that are requested during a call share the next call. */
export class Deletions {
  readonly #source: SqsSource;
  readonly #waiting: Deletion[] = [];
  #isBusy = false;

  constructor(sqs: SQSClient, queueUrl: string) {
    this.#source = new SqsSource(sqs, queueUrl);
  }

  /** @throws Error if the message wasn't deleted: SQS will deliver it again */
  delete(receipt: string): Promise<void> {
    const deletion = { ...Promise.withResolvers<void>(), receipt, attempts: 0 };
    this.#waiting.push(deletion);
    if (!this.#isBusy) void this.#deleteAll();
    return deletion.promise;
  }

  async #deleteAll(): Promise<void> {
    this.#isBusy = true;
    // Deletions that are requested in the same turn share a call.
    await sleep(0);
    while (this.#waiting.length > 0) await this.#deleteBatch(this.#waiting.splice(0, SQS_MAX_BATCH_ENTRIES));
    this.#isBusy = false;
  }

  async #deleteBatch(batch: readonly Deletion[]): Promise<void> {
    try {
      const failures = await this.#source.deleteBatch(batch.map(({ receipt }) => receipt));
      for (const [index, deletion] of batch.entries()) {
        const failure = failures[index];
        if (failure) this.#retryOrReject(deletion, failure);
        else deletion.resolve();
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    if (this.#waiting.some(({ attempts }) => attempts > 0)) await sleep(Math.random() * RETRY_MILLISECONDS);
  }

  #retryOrReject(deletion: Deletion, { isSenderFault, reason }: BatchFailure): void {
    deletion.attempts++;
    if (!isSenderFault && deletion.attempts < MAX_ATTEMPTS) this.#waiting.push(deletion);
    else deletion.reject(new Error(`A message wasn't deleted: ${reason}`));
  }
}
