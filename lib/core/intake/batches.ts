import { CoatcheckError } from '../base/errors.ts';
import { mapConcurrently } from '../base/map-concurrently.ts';
import { quote } from '../base/quote.ts';
import { timeProblem } from '../base/time.ts';
import {
  BATCH_MAX_ITEMS,
  type Batch,
  type BatchDefaults,
  type BatchStatus,
  batchIdOf,
  batchKeyProblem,
  batchStatusOf,
  itemRequestId,
} from '../model/batch.ts';
import { type BatchView, batchViewOf } from '../model/batch-view.ts';
import { notBeforeProblem } from '../model/not-before.ts';
import type {
  BatchListing,
  BatchStore,
  ItemAddition,
  ItemPage,
  PreparedItem,
  StoredBatch,
  StoredItem,
} from '../ports/batch-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { MinuteTimers } from '../ports/minute-timers.ts';
import { BatchNotFound, IdempotencyKeyTaken, RequestRefused } from './errors.ts';
import { assertIdempotencyKey } from './submission-name.ts';
import { fingerprintOf, type Submissions, type SubmitRequest } from './submissions.ts';

/** A batch to create. Times are milliseconds since 1970. */
export interface NewBatch extends Partial<BatchDefaults> {
  readonly tenant?: string;
  /** Receives the webhook of the batch's end. */
  readonly callbackUrl?: string;
  /** Batches with the same key are one batch. */
  readonly idempotencyKey?: string;
}

/** An item to add. */
export interface NewBatchItem {
  /** Unique in the batch, 1 to 255 characters. */
  readonly key: string;
  /** Its tenant is that of the batch. */
  readonly request: Omit<SubmitRequest, 'tenant' | 'callbackUrl' | 'idempotencyKey'>;
}

/** The result for an item: it is new, it was added before, or why it is refused. */
export type ItemResult = 'added' | 'repeated' | CoatcheckError;

/** A page of batches, newest first. */
export interface BatchViewPage {
  readonly batches: readonly BatchView[];
  /** `after` of the next page; absent on the last one. */
  readonly next?: string;
}

/** The ports of {@link Batches}. */
export interface BatchesPorts {
  readonly store: BatchStore;
  readonly submissions: Pick<Submissions, 'prepare'>;
  /** Fire for batches that wait for something. @default - a process looks for such batches */
  readonly timers?: Pick<MinuteTimers, 'start'>;
  readonly clock: Clock;
  /** Makes an unguessable id, in milliseconds since 1970. */
  readonly newId: (at: number) => string;
}

/** Items that are added in one step, which blocks the event loop if the store is in this process. */
const ADD_TOGETHER = 200;

/** Payloads too large for a message that are stored at a time. */
const MAX_PREPARATIONS = 20;

const PAGE = 500;

/** The batches of a service: many requests under one ticket, which are added in several calls. */
export class Batches {
  readonly #ports: BatchesPorts;

  constructor(ports: BatchesPorts) {
    this.#ports = ports;
  }

  /** Creates a batch, which is open. @throws RequestRefused for invalid times or an invalid idempotency key; IdempotencyKeyTaken */
  async create({ idempotencyKey, metadata = {}, ...given }: NewBatch): Promise<BatchView> {
    const { store, timers, clock, newId } = this.#ports;
    const now = clock.now();
    assertTimes(given, now);
    if (idempotencyKey !== undefined) assertIdempotencyKey(idempotencyKey);
    const id = idempotencyKey === undefined ? newId(now) : batchIdOf(given.tenant, idempotencyKey);
    const batch = { ...given, metadata, id, createdAt: now };
    // The timer comes first, so that every batch has one.
    await timers?.start(batch);
    const stored = await store.create(batch);
    if (idempotencyKey !== undefined && definitionOf(stored.batch) !== definitionOf(batch)) {
      throw new IdempotencyKeyTaken(
        idempotencyKey,
        'batch with another topic, metadata, time or callback URL',
      );
    }
    if (idempotencyKey !== undefined && !this.#isKept(stored)) {
      throw new IdempotencyKeyTaken(
        idempotencyKey,
        'batch that is no longer kept and not yet deleted: use another key, or this one later',
      );
    }
    return this.#viewOf(stored);
  }

  /** @throws BatchNotFound */
  async get(id: string, tenant: string | undefined): Promise<BatchView> {
    return this.#viewOf(await this.#stored(id, tenant));
  }

  /** Lists the batches of a tenant, newest first. */
  async list(listing: BatchListing): Promise<BatchViewPage> {
    const { batches, next } = await this.#ports.store.list(listing);
    const kept = batches.filter((stored) => this.#isKept(stored)).map((stored) => this.#viewOf(stored));
    return { batches: kept, ...(next !== undefined && { next }) };
  }

  /** A batch that takes items. @throws BatchNotFound; RequestRefused with the code `batch_closed` */
  async open(id: string, tenant: string | undefined): Promise<Batch> {
    const { batch, state } = await this.#stored(id, tenant);
    const { expiresAt = Number.POSITIVE_INFINITY } = batch;
    const status = batchStatusOf(batch, state);
    if (status !== 'open') throw closed(id, status);
    if (expiresAt <= this.#ports.clock.now()) throw closed(id, 'expired');
    return batch;
  }

  /**
   * Adds items: those that are valid are in the queue when this resolves. Adding an item again changes nothing.
   * @returns the result for each item, in their order
   * @throws BatchNotFound; RequestRefused unless the batch takes items; any error of a port, after which they may or may not be added
   */
  async add(
    id: string,
    tenant: string | undefined,
    items: readonly NewBatchItem[],
  ): Promise<readonly ItemResult[]> {
    const batch = await this.open(id, tenant);
    const results: ItemResult[] = [];
    for (let start = 0; start < items.length; start += ADD_TOGETHER) {
      results.push(...(await this.#addTogether(batch, items.slice(start, start + ADD_TOGETHER))));
    }
    return results;
  }

  /**
   * Seals a batch: it takes no more items. While an import runs, the batch is sealed after it. Sealing it again changes nothing.
   * @throws BatchNotFound
   */
  async seal(id: string, tenant: string | undefined): Promise<BatchView> {
    const { store, clock } = this.#ports;
    const { batch } = await this.#stored(id, tenant);
    return this.#viewOf(await store.seal(batch, clock.now()));
  }

  /**
   * Cancels a batch: it takes no more items, and those that haven't ended are cancelled as requests are. A batch that has ended stays
   * as it is.
   * @throws BatchNotFound
   */
  async cancel(id: string, tenant: string | undefined): Promise<BatchView> {
    const { store, clock } = this.#ports;
    const { batch } = await this.#stored(id, tenant);
    return this.#viewOf(await store.cancel(batch, clock.now()));
  }

  /**
   * The items of a batch in the order in which they were added, each once, whether they have ended or not. They are read page by
   * page: an item shows its state when its page was read.
   * @throws BatchNotFound
   */
  async items(id: string, tenant: string | undefined): Promise<AsyncGenerator<StoredItem, void>> {
    const { batch } = await this.#stored(id, tenant);
    return this.#pages(batch);
  }

  /**
   * A page of {@link items}.
   * @param after `next` of the page before
   * @throws BatchNotFound
   */
  async page(
    id: string,
    tenant: string | undefined,
    after: string | undefined,
    limit: number,
  ): Promise<ItemPage> {
    const { batch } = await this.#stored(id, tenant);
    return this.#ports.store.items(batch, after, limit);
  }

  async *#pages(batch: Batch): AsyncGenerator<StoredItem, void> {
    let after: string | undefined;
    do {
      const { items, next } = await this.#ports.store.items(batch, after, PAGE);
      yield* items;
      after = next;
    } while (after !== undefined);
  }

  async #addTogether(batch: Batch, items: readonly NewBatchItem[]): Promise<ItemResult[]> {
    const { store, clock } = this.#ports;
    const known = await store.fingerprints(
      batch,
      items.map(({ key }) => key),
    );
    const prepared = await mapConcurrently(items, MAX_PREPARATIONS, (item) =>
      this.#prepared(batch, item, known.get(item.key)),
    );
    const fresh = prepared.filter((item) => isPrepared(item));
    const additions = fresh.length === 0 ? [] : await store.add(batch, fresh, clock.now());
    if (!additions)
      throw closed(batch.id, batchStatusOf(batch, (await this.#stored(batch.id, batch.tenant)).state));
    const added = additions.values();
    return prepared.map((item, index) =>
      isPrepared(item) ? resultOf(added.next().value, items[index]?.key ?? '') : item,
    );
  }

  /** @param known the fingerprint of the item that has the key, if one has */
  async #prepared(
    batch: Batch,
    { key, request }: NewBatchItem,
    known: string | undefined,
  ): Promise<PreparedItem | ItemResult> {
    const input = { ...withDefaults(batch, request), tenant: batch.tenant };
    const problem = batchKeyProblem(key);
    if (problem !== undefined) return new RequestRefused('batch_key_invalid', `key ${problem}`);
    const fingerprint = fingerprintOf(input);
    if (known !== undefined) return known === fingerprint ? 'repeated' : otherContent(key);
    const id = itemRequestId(batch, key);
    try {
      // Two calls may add the key at the same time with different payloads.
      const prepared = await this.#ports.submissions.prepare(input, id, `${id}-${fingerprint}`);
      return { key, fingerprint, ...prepared };
    } catch (error) {
      if (isRefusal(error)) return error;
      throw error;
    }
  }

  /** @throws BatchNotFound */
  async #stored(id: string, tenant: string | undefined): Promise<StoredBatch> {
    const stored = await this.#ports.store.find(tenant, id);
    if (!stored || !this.#isKept(stored)) throw new BatchNotFound(id);
    return stored;
  }

  #isKept({ keptUntil = Number.POSITIVE_INFINITY }: StoredBatch): boolean {
    return keptUntil > this.#ports.clock.now();
  }

  #viewOf(stored: StoredBatch): BatchView {
    return batchViewOf(stored, this.#ports.clock.now());
  }
}

/** Completes a request by the defaults of its batch. It expires with the batch at the latest. */
function withDefaults(batch: BatchDefaults, request: NewBatchItem['request']): NewBatchItem['request'] {
  const { notBefore = batch.notBefore, expiresAt = batch.expiresAt, topic = batch.topic, metadata } = request;
  return {
    ...request,
    metadata: { ...batch.metadata, ...metadata },
    topic,
    notBefore,
    expiresAt:
      expiresAt === undefined ? undefined : Math.min(expiresAt, batch.expiresAt ?? Number.POSITIVE_INFINITY),
  };
}

function isPrepared(item: PreparedItem | ItemResult): item is PreparedItem {
  return typeof item === 'object' && 'message' in item && 'record' in item;
}

/** Whether an error is about what the client sent, not about a port. */
function isRefusal(error: unknown): error is CoatcheckError {
  return (
    error instanceof RequestRefused || (error instanceof CoatcheckError && REFUSALS.includes(error.code))
  );
}

const REFUSALS: readonly string[] = ['payload_empty', 'payload_too_large'];

function resultOf(addition: ItemAddition | undefined, key: string): ItemResult {
  if (addition === 'added' || addition === 'repeated') return addition;
  return addition === 'other_content' ? otherContent(key) : full();
}

function otherContent(key: string): RequestRefused {
  return new RequestRefused(
    'batch_key_reused',
    `The batch has an item with the key ${quote(key)} and another payload, content type, metadata, topic, priority or time: use another key`,
  );
}

function full(): RequestRefused {
  return new RequestRefused(
    'batch_full',
    `A batch has at most ${BATCH_MAX_ITEMS} items: add the others to another one`,
  );
}

/** The error of a call that adds items to a batch that takes none. */
export function closed(id: string, status: BatchStatus): RequestRefused {
  const why = status === 'running' || status === 'completed' ? 'sealed' : status;
  return new RequestRefused(
    'batch_closed',
    `The batch ${id} is ${why} and takes no more items: create another one`,
  );
}

/** @throws RequestRefused */
function assertTimes({ notBefore, expiresAt }: NewBatch, now: number): void {
  for (const [field, time] of Object.entries({ notBefore, expiresAt })) {
    const problem = time === undefined ? undefined : timeProblem(time);
    if (problem !== undefined) throw new RequestRefused('batch_invalid', `${field} ${problem}`);
  }
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new RequestRefused(
      'batch_invalid',
      `expiresAt must be in the future, got ${new Date(expiresAt).toISOString()}`,
    );
  }
  const problem = notBeforeProblem({ notBefore, expiresAt }, now);
  if (problem !== undefined) throw new RequestRefused('not_before_invalid', `notBefore ${problem}`);
}

/** The parts of a batch that its client chose, to compare two. */
function definitionOf({ tenant, callbackUrl, notBefore, expiresAt, topic, metadata }: Batch): string {
  const entries = Object.entries(metadata).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([tenant, callbackUrl, notBefore, expiresAt, topic, entries]);
}
