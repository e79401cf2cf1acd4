import { attributesToPutBack } from '../../aws/dead-letter.ts';
import type { DynamoDbActionStore, SettledItem, StoredActionItem } from '../../aws/dynamodb-action-store.ts';
import { rehearseLetters } from '../../aws/rehearse-letters.ts';
import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import { batchesOf, type SqsSender } from '../../aws/sqs-sender.ts';
import type { SqsReceivedMessage } from '../../aws/sqs-source.ts';
import { CoatcheckError, StoreUnavailable } from '../../core/base/errors.ts';
import { mapConcurrently } from '../../core/base/map-concurrently.ts';
import { leftWaiting } from '../../core/intake/left-waiting.ts';
import type { Submissions } from '../../core/intake/submissions.ts';
import type { Action, ActionItem, EditedPayload, ItemSettlement } from '../../core/model/action.ts';
import type { RequestRecord } from '../../core/model/request-record.ts';
import { editedRetryOf } from '../../core/operations/edited-retry.ts';
import { endOfHandled } from '../../core/operations/end-of-handled.ts';
import { isFor, retriableOf } from '../../core/operations/letter-rules.ts';
import { settlementOf } from '../../core/operations/rehearsed.ts';
import { editedRetryIdOf, retryIdOf } from '../../core/operations/retry-id.ts';
import {
  cancellationOf,
  retriedBefore,
  SKIPPED,
  SKIPPED_BY_DECISION,
} from '../../core/operations/skipped.ts';
import type { ActionTargets, EndStatus } from '../../core/ports/action-targets.ts';
import type { Rehearser } from '../../core/ports/rehearser.ts';
import { RecordMissing } from '../../core/records/errors.ts';
import type { RequestRecords } from '../../core/records/request-records.ts';
import { type FindingParts, findTargets } from './find-targets.ts';
import { LetterRun, type ListedLetter } from './letter-run.ts';
import { type OpenedLetter, openLetter } from './opened-letter.ts';

/** What the requests of actions are handled with. */
export interface HandlingParts extends FindingParts {
  readonly store: DynamoDbActionStore;
  readonly records: RequestRecords;
  readonly deadLetters: () => Pick<DeadLetterQueue, 'walk' | 'delete'>;
  readonly input: Pick<SqsSender, 'sendBatch'>;
  /** Rehearses where the processor runs; undefined if it can't be invoked. */
  readonly rehearser: Pick<Rehearser, 'rehearse'> | undefined;
  /** Fires when there is no more time to wait for a rehearsal. */
  readonly stop: AbortSignal;
  readonly submissions: Pick<Submissions, 'retry' | 'submit'>;
  /** Stops counting a request as waiting that was cancelled before it started. */
  readonly leave: (request: RequestRecord['request']) => Promise<void>;
}

/** Most requests that are handled at a time. */
const MAX_HANDLED = 10;

/** A dead letter of an action that runs. */
interface OpenedItem extends ListedLetter {
  readonly opened: OpenedLetter;
}

/**
 * The requests of a deployed service, for actions. SQS shares no transaction with DynamoDB. A dead letter that runs its
 * request again is sent, noted as done, and deleted. A process that ends in between sends it again: the second message is
 * of the same redrive, or of the same request, which runs once.
 */
export class DeployedActionTargets implements ActionTargets, AsyncDisposable {
  readonly #parts: HandlingParts;
  #run: { readonly key: string; readonly letters: LetterRun } | undefined;

  constructor(parts: HandlingParts) {
    this.#parts = parts;
  }

  find(plan: Parameters<ActionTargets['find']>[0]): ReturnType<typeof findTargets> {
    return findTargets(plan, this.#parts);
  }

  async handle(action: Action, before: number, limit: number): Promise<number> {
    const most = Math.min(limit, MAX_HANDLED);
    return action.action === 'cancel' || action.payload
      ? this.#handleRecords(action, before, most)
      : this.#handleLetters(action, before, most);
  }

  endOf(action: Action, item: ActionItem): Promise<EndStatus | undefined> {
    return endOfHandled(action, item, this.#parts.records);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endRun();
  }

  async #handleRecords(action: Action, before: number, limit: number): Promise<number> {
    const { store } = this.#parts;
    const items = await store.pending(action.id, before, limit);
    const settled = await mapConcurrently(items, MAX_HANDLED, async (item) => ({
      ordinal: item.ordinal,
      settlement: await settling(() =>
        action.payload ? this.#retryEdited(action, item, action.payload) : this.#cancel(item),
      ),
    }));
    await store.settle(action, settled);
    return items.length;
  }

  async #handleLetters(action: Action, before: number, limit: number): Promise<number> {
    const letters = await this.#lettersOf(action, before);
    try {
      return await this.#handleNext(action, letters, limit);
    } catch (error) {
      // The rest of the walk lacks what it has read: the next step must begin a new one.
      await this.#endRun();
      throw error;
    }
  }

  async #handleNext(action: Action, letters: LetterRun, limit: number): Promise<number> {
    const { store } = this.#parts;
    const listed = await letters.next(limit);
    if (listed.length > 0) {
      await this.#handleListed(action, listed);
      return listed.length;
    }
    const missing = letters.missing(limit);
    await store.settle(
      action,
      missing.map(({ ordinal }) => ({ ordinal, settlement: SKIPPED.NOT_THERE })),
    );
    return missing.length;
  }

  /** The walk continues from step to step. After the canary, a new one begins. */
  async #lettersOf({ id, rate }: Action, before: number): Promise<LetterRun> {
    const key = `${id} ${before}`;
    if (this.#run?.key === key) return this.#run.letters;
    await this.#endRun();
    const { store, deadLetters } = this.#parts;
    const items: StoredActionItem[] = [];
    for await (const page of store.items(id, 0, before)) items.push(...page);
    const letters = new LetterRun({ queue: deadLetters(), items, perSecond: rate });
    this.#run = { key, letters };
    return letters;
  }

  async #endRun(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    await run?.letters[Symbol.asyncDispose]();
  }

  async #handleListed(action: Action, listed: readonly ListedLetter[]): Promise<void> {
    const { records, clock } = this.#parts;
    const opened = await Promise.all(
      listed.map(async (each) => ({ ...each, opened: await openLetter(each.message, records, clock.now()) })),
    );
    if (action.action === 'purge') return this.#purge(action, opened);
    if (action.action === 'rehearse') {
      await this.#parts.store.settle(action, await this.#rehearse(opened));
      return;
    }
    const settled =
      action.action === 'redrive' ? await this.#putBack(opened) : await this.#retry(action, opened);
    await this.#parts.store.settle(action, settled);
    const removed = new Set(
      settled.filter(({ settlement }) => isRemoved(settlement)).map(({ ordinal }) => ordinal),
    );
    // A dead letter that isn't deleted is harmless: its request was put back.
    await this.#delete(opened.filter(({ item }) => removed.has(item.ordinal)));
  }

  async #purge(action: Action, items: readonly OpenedItem[]): Promise<void> {
    const reasons = await this.#delete(items);
    const settled = items.map(({ item: { ordinal }, message: { id } }) => {
      const detail = reasons.get(id);
      const settlement: ItemSettlement =
        detail === undefined ? { result: 'done' } : { result: 'failed', detail };
      return { ordinal, settlement };
    });
    await this.#parts.store.settle(action, settled);
  }

  async #putBack(items: readonly OpenedItem[]): Promise<SettledItem[]> {
    const due = items.filter(({ opened }) => opened.decision === 'put_back');
    const messages = due.map(({ item, message, opened }) => ({
      ordinal: item.ordinal,
      body: message.body,
      groupId: message.groupId,
      attributes: attributesToPutBack(opened.letter),
    }));
    const sent: SettledItem[] = [];
    for (const batch of batchesOf(messages)) {
      const failures = await this.#parts.input.sendBatch(batch);
      for (const [index, { ordinal }] of batch.entries()) {
        const failure = failures[index];
        sent.push({
          ordinal,
          settlement: failure ? { result: 'failed', detail: failure.reason } : { result: 'done' },
        });
      }
    }
    return [...sent, ...notPutBack(items)];
  }

  /** A rehearsal that takes too long isn't tried again: it would take as long the next time. */
  async #rehearse(items: readonly OpenedItem[]): Promise<SettledItem[]> {
    const { rehearser, stop } = this.#parts;
    const due = items.filter(({ opened }) => opened.decision === 'put_back');
    const letters = due.map(({ opened }) => opened.letter);
    const rehearsed = rehearser
      ? await rehearseLetters(letters, rehearser, stop).catch((error: unknown) => {
          if (stop.aborted) return [];
          throw error;
        })
      : [];
    const byLetter = new Map(rehearsed.map(({ letter, requests }) => [letter, requests]));
    const settled = due.map(({ item: { ordinal }, opened: { letter } }) => ({
      ordinal,
      settlement: settlementOf(byLetter.get(letter)),
    }));
    return [...settled, ...notPutBack(items)];
  }

  #retry(action: Action, items: readonly OpenedItem[]): Promise<SettledItem[]> {
    return Promise.all(
      items.map(async ({ item, opened }) => ({
        ordinal: item.ordinal,
        settlement: await settling(() => this.#retryOnce(action, opened)),
      })),
    );
  }

  async #retryOnce({ appliedAt = 0 }: Action, opened: OpenedLetter): Promise<ItemSettlement> {
    const { records, submissions } = this.#parts;
    const { record, decoded } = opened;
    const retriable = isFor('retry', opened) ? retriableOf(decoded) : undefined;
    if (!record || !retriable) return SKIPPED.NOT_FAILED;
    const id = retryIdOf(record);
    const retried = await records.find({ id, source: '', tenant: record.request.tenant });
    if (retried && retried.createdAt < appliedAt) return retriedBefore(id);
    // Otherwise it was submitted by a process that ended before it could note that.
    if (!retried) await submissions.retry(retriable, id);
    return { result: 'done', retriedAs: id };
  }

  async #retryEdited(action: Action, item: ActionItem, payload: EditedPayload): Promise<ItemSettlement> {
    const { records, submissions } = this.#parts;
    const record = await records.find(item);
    if (record?.status !== 'failed') return SKIPPED.NOT_FAILED;
    const id = editedRetryIdOf(action, item);
    await submissions.submit(editedRetryOf(record, payload), id);
    return { result: 'done', retriedAs: id };
  }

  async #cancel(item: ActionItem): Promise<ItemSettlement> {
    const { records, leave } = this.#parts;
    try {
      const applied = await records.change(item, { type: 'cancel' });
      const left = leftWaiting(applied);
      if (left) await leave(left);
      return cancellationOf(applied.stored.record.status);
    } catch (error) {
      if (error instanceof RecordMissing) return SKIPPED.UNKNOWN;
      throw error;
    }
  }

  async #delete(
    items: readonly { readonly message: SqsReceivedMessage }[],
  ): Promise<ReadonlyMap<string, string>> {
    const messages = items.map(({ message }) => message);
    return messages.length === 0 ? new Map() : (this.#run?.letters.delete(messages) ?? new Map());
  }
}

/** Settles the requests that a redrive doesn't put back. */
function notPutBack(items: readonly OpenedItem[]): SettledItem[] {
  return items.flatMap(({ item: { ordinal }, opened: { decision } }) =>
    decision === 'put_back' ? [] : [{ ordinal, settlement: SKIPPED_BY_DECISION[decision] }],
  );
}

/** Whether a dead letter is deleted after what happened to its request: it is put back, or retried. */
function isRemoved(settlement: ItemSettlement): boolean {
  return (
    settlement.result === 'done' || settlement.retriedAs !== undefined || settlement === SKIPPED.PUT_BACK
  );
}

/** A failure that concerns one request settles it; a failure that would hit every request is thrown and tried again. */
async function settling(handle: () => Promise<ItemSettlement>): Promise<ItemSettlement> {
  try {
    return await handle();
  } catch (error) {
    if (!(error instanceof CoatcheckError) || error instanceof StoreUnavailable) throw error;
    return { result: 'failed', detail: error.message };
  }
}
