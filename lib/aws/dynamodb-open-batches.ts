import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DYNAMODB_MAX_BATCH_READS } from '../core/config/aws-limits.ts';
import { RECORD_BATCH, RECORD_BATCH_PLACE, RECORD_KEY, RECORD_TTL } from '../core/config/record-table.ts';
import { type Batch, countedStatusOf, itemRequestId } from '../core/model/batch.ts';
import type { BatchImport } from '../core/model/batch-import.ts';
import type { StoredResult } from '../core/model/stored-result.ts';
import type {
  BatchKey,
  BatchStore,
  DueBatch,
  ImportStore,
  ItemPage,
  ManifestProgress,
  ManifestStore,
  StoredBatch,
  StoredItem,
} from '../core/ports/batch-store.ts';
import type { Random } from '../core/ports/clock.ts';
import type { StoredRecord } from '../core/ports/record-store.ts';
import { accountOf, dueBatchOf, numberOf, type OpenPage, openCallName, storedBatchOf } from './batch-item.ts';
import { batchItemKey, batchName, pageItemKey, placeText, readPlace } from './batch-place.ts';
import { DynamoDbBatchCounter, type RequestChange } from './dynamodb-batch-counter.ts';
import { readItem, readItems } from './read-items.ts';
import { type Item, keyOf, storedOf } from './record-item.ts';
import { type ItemUpdate, type ItemUpdated, updateItem } from './update-item.ts';

/** The ports of {@link DynamoDbOpenBatches}. */
export interface OpenBatchesPorts {
  readonly client: DynamoDBClient;
  /** The table of request records. */
  readonly table: string;
  readonly random: Random;
}

/** How long after a batch is sealed a call may still add requests to it: calls of the API take 29 seconds at most. */
const LATE_MILLISECONDS = 60_000;

/** After how long without a change a sealed batch is counted by its records, in milliseconds: the stream may have lost changes. */
export const RECOUNT_MILLISECONDS = 3_600_000;

/** The status of a request whose record is gone before it ended: its message is gone, too. */
const LOST = 'failed';

/** The keys of a page, and records of its requests. */
interface ReadPage {
  readonly keys: readonly string[];
  /** From the first one that was asked for; undefined where the page has no request. */
  readonly records: readonly (StoredRecord | undefined)[];
}

/**
 * Batches in the table of request records, after requests were added. A batch is an item with its counts and the number of its
 * pages. Each page is the item of a call that added requests, with their keys in order; their records name their places.
 */
export class DynamoDbOpenBatches
  implements
    Pick<BatchStore, 'find' | 'seal' | 'items' | 'noteCancelled' | 'noteReported'>,
    ManifestStore,
    ImportStore
{
  protected readonly ports: OpenBatchesPorts;
  protected readonly counter: DynamoDbBatchCounter;

  constructor(ports: OpenBatchesPorts) {
    this.ports = ports;
    this.counter = new DynamoDbBatchCounter(ports);
  }

  async find(tenant: string | undefined, id: string): Promise<StoredBatch | undefined> {
    const item = await readItem(this.ports, batchItemKey({ id, tenant }));
    return item && storedBatchOf(item);
  }

  async seal(batch: Batch, at: number): Promise<StoredBatch> {
    for (;;) {
      const stored = await this.close(batch, {
        update: 'SET #sealedAt = :at, #leasedUntil = :zero',
        condition:
          '#createdAt = :createdAt AND attribute_not_exists(#sealedAt) AND attribute_not_exists(#import)',
        names: ['sealedAt', 'leasedUntil', 'import', 'createdAt'],
        values: { ':at': { N: String(at) }, ':zero': { N: '0' }, ':createdAt': createdAtOf(batch) },
      });
      const isOther = stored.batch.createdAt !== batch.createdAt;
      if (isOther || stored.state.sealedAt !== undefined) return stored;
      const requested = await this.update(batchItemKey(batch), {
        update: 'SET #sealRequestedAt = if_not_exists(#sealRequestedAt, :at)',
        condition:
          '#createdAt = :createdAt AND attribute_not_exists(#sealedAt) AND attribute_exists(#import)',
        names: ['sealRequestedAt', 'sealedAt', 'import', 'createdAt'],
        values: { ':at': { N: String(at) }, ':createdAt': createdAtOf(batch) },
      });
      if (requested.updated) return storedBatchOf(requested.item);
      // The import has ended meanwhile.
    }
  }

  async beginImport(batch: Batch, begun: BatchImport): Promise<StoredBatch> {
    const { item } = await this.update(batchItemKey(batch), {
      update: 'SET #import = :import, #leasedUntil = :zero REMOVE #imported',
      condition:
        '#createdAt = :createdAt AND attribute_not_exists(#sealedAt) AND attribute_not_exists(#import)',
      names: ['import', 'imported', 'leasedUntil', 'sealedAt', 'createdAt'],
      values: {
        ':import': { S: JSON.stringify(begun) },
        ':zero': { N: '0' },
        ':createdAt': createdAtOf(batch),
      },
    });
    if (!item) throw gone(batch);
    return storedBatchOf(item);
  }

  async noteImport({ batch, import: before }: DueBatch, after: BatchImport): Promise<void> {
    const { endedAt, failure } = after;
    const removed = failure ? '#import, #sealRequestedAt' : '#import';
    await this.update(batchItemKey(batch), {
      update: `SET #leasedUntil = :zero, ${endedAt === undefined ? '#import = :after' : `#imported = :after REMOVE ${removed}`}`,
      condition: '#createdAt = :createdAt AND #import = :before AND attribute_not_exists(#sealedAt)',
      names: [
        'import',
        'leasedUntil',
        'sealedAt',
        'createdAt',
        ...(endedAt === undefined ? [] : ['imported']),
        ...(failure ? ['sealRequestedAt'] : []),
      ],
      values: {
        ':before': { S: JSON.stringify(before) },
        ':after': { S: JSON.stringify(after) },
        ':zero': { N: '0' },
        ':createdAt': createdAtOf(batch),
      },
    });
  }

  async items(batch: Batch, after: string | undefined, limit: number): Promise<ItemPage> {
    const { pages } = accountOf(await this.existing(batch));
    const from = (after === undefined ? undefined : readPlace(after)) ?? { page: 0, index: -1 };
    const items: StoredItem[] = [];
    let { page } = from;
    let first = from.index + 1;
    while (page < pages) {
      const { keys, records } = await this.readPage(batch, page, first, limit - items.length);
      for (const [offset, stored] of records.entries()) {
        if (stored) items.push({ key: keys[first + offset] ?? '', record: stored.record });
      }
      first += records.length;
      const last = placeText({ page, index: first - 1 });
      if (first >= keys.length) [page, first] = [page + 1, 0];
      if (items.length === limit && page < pages) return { items, next: last };
    }
    return { items };
  }

  /**
   * Leases a batch if it is due, so that no other process does what it waits for.
   * @param now, leasedUntil milliseconds since 1970
   */
  async take(key: BatchKey, now: number, leasedUntil: number): Promise<DueBatch | undefined> {
    const itemKey = batchItemKey(key);
    const item = await readItem(this.ports, itemKey);
    if (!item || !dueBatchOf(item, now)) return undefined;
    const leaseId = crypto.randomUUID();
    const leased = await this.update(itemKey, {
      update: 'SET #leasedUntil = :leasedUntil, #leaseId = :leaseId',
      condition: '#createdAt = :createdAt AND #leasedUntil <= :now AND attribute_not_exists(#ttl)',
      names: ['leasedUntil', 'leaseId', 'createdAt', RECORD_TTL],
      values: {
        ':leasedUntil': { N: String(leasedUntil) },
        ':leaseId': { S: leaseId },
        ':createdAt': { N: item.createdAt?.N ?? '' },
        ':now': { N: String(now) },
      },
    });
    // The SDK retries a call whose response was lost: then the existing lease is this one.
    if (!leased.item || leased.item.leaseId?.S !== leaseId) return undefined;
    return dueBatchOf(leased.item, now);
  }

  async noteCancelled(batch: Batch, cancelledUpTo: string | undefined): Promise<void> {
    const names = ['cancelsAfter', 'leasedUntil', 'createdAt'];
    const values = { ':zero': { N: '0' }, ':createdAt': createdAtOf(batch) };
    const condition = '#createdAt = :createdAt';
    await this.update(
      batchItemKey(batch),
      cancelledUpTo === undefined
        ? { update: 'SET #leasedUntil = :zero REMOVE #cancelsAfter', condition, names, values }
        : {
            update: 'SET #leasedUntil = :zero, #cancelsAfter = :after',
            condition,
            names,
            values: { ...values, ':after': { S: cancelledUpTo } },
          },
    );
  }

  async noteReported(batch: Batch, keptUntil: number): Promise<void> {
    await this.update(batchItemKey(batch), {
      update: 'SET #leasedUntil = :zero, #ttl = :ttl',
      condition: '#createdAt = :createdAt',
      names: ['leasedUntil', RECORD_TTL, 'createdAt'],
      values: {
        ':zero': { N: '0' },
        ':ttl': { N: String(Math.ceil(keptUntil / 1000)) },
        ':createdAt': createdAtOf(batch),
      },
    });
  }

  async noteManifestProgress(
    { batch, manifestProgress: before }: DueBatch,
    progress: ManifestProgress | undefined,
  ): Promise<void> {
    await this.update(batchItemKey(batch), {
      update: `SET #leasedUntil = :zero${progress ? ', #manifestProgress = :progress' : ' REMOVE #manifestProgress'}`,
      condition: `#createdAt = :createdAt AND ${before ? '#manifestProgress = :before' : 'attribute_not_exists(#manifestProgress)'}`,
      names: ['leasedUntil', 'manifestProgress', 'createdAt'],
      values: {
        ':zero': { N: '0' },
        ':createdAt': createdAtOf(batch),
        ...(progress && { ':progress': { S: JSON.stringify(progress) } }),
        ...(before && { ':before': { S: JSON.stringify(before) } }),
      },
    });
  }

  async noteManifest(batch: Batch, manifest: StoredResult): Promise<void> {
    await this.update(batchItemKey(batch), {
      update: 'SET #manifest = :manifest REMOVE #manifestProgress',
      condition: '#createdAt = :createdAt',
      names: ['manifest', 'manifestProgress', 'createdAt'],
      values: { ':manifest': { S: JSON.stringify(manifest) }, ':createdAt': createdAtOf(batch) },
    });
  }

  /**
   * Repairs what other processes left behind when they died: closes the pages of calls that never ended, and counts changes
   * that the stream lost. Does nothing to most batches.
   * @param now milliseconds since 1970
   */
  async balance(key: BatchKey, now: number): Promise<void> {
    const itemKey = batchItemKey(key);
    const item = await readItem(this.ports, itemKey);
    if (!item) return;
    const { batch, state, keptUntil } = storedBatchOf(item);
    if (keptUntil !== undefined || state.endedAt !== undefined || state.sealedAt === undefined) return;
    const { open } = accountOf(item);
    if (open.length > 0 && state.sealedAt + LATE_MILLISECONDS <= now) {
      for (const page of open) await this.#closeLate(batch, page);
    }
    if (await this.#startRecount(itemKey, item, now)) await this.#recount(batch, now);
  }

  /** The item of a batch. @throws Error if it is gone */
  protected async existing(batch: Batch): Promise<Item> {
    const item = await readItem(this.ports, batchItemKey(batch));
    if (item) return item;
    throw gone(batch);
  }

  protected update(key: string, update: ItemUpdate): Promise<ItemUpdated> {
    return updateItem(this.ports, key, update);
  }

  /** Seals a batch by an update, and ends it if it has no requests that haven't ended. */
  protected async close(batch: Batch, update: ItemUpdate): Promise<StoredBatch> {
    const key = batchItemKey(batch);
    const { item } = await this.update(key, update);
    if (!item) throw gone(batch);
    return storedBatchOf(await this.counter.endIfDone(key, item));
  }

  /** Ends the call that added the requests of a page. @param added how many it added */
  protected async closePage(batch: Batch, page: OpenPage, added: number): Promise<void> {
    const key = batchItemKey(batch);
    const closed = await this.update(key, {
      update: 'SET #reserved = #reserved - :unused, #added = #added + :added REMOVE #open.#call',
      condition: '#createdAt = :createdAt AND attribute_exists(#open.#call)',
      names: ['reserved', 'added', 'open', 'createdAt'],
      placeholders: { '#call': openCallName(page) },
      values: {
        ':unused': { N: String(page.size - added) },
        ':added': { N: String(added) },
        ':createdAt': createdAtOf(batch),
      },
    });
    if (closed.updated) await this.counter.endIfDone(key, closed.item);
  }

  /** The keys of a page, and the records of some of its requests. @param first the index of the first one */
  protected async readPage(
    batch: Batch,
    page: number,
    first = 0,
    count = Number.POSITIVE_INFINITY,
  ): Promise<ReadPage> {
    const name = batchName(batch);
    const keys: readonly string[] = JSON.parse(
      (await readItem(this.ports, pageItemKey(name, page)))?.keys?.S ?? '[]',
    );
    const places = keys.slice(first, first + count).map((key, offset) => ({
      recordKey: recordKeyIn(batch, key),
      place: placeText({ page, index: first + offset }),
    }));
    const items = new Map<string, Item>();
    for (let start = 0; start < places.length; start += DYNAMODB_MAX_BATCH_READS) {
      const part = places.slice(start, start + DYNAMODB_MAX_BATCH_READS).map(({ recordKey }) => recordKey);
      for (const item of await readItems({ ...this.ports, consistent: true }, new Set(part))) {
        items.set(item[RECORD_KEY]?.S ?? '', item);
      }
    }
    const records = places.map(({ recordKey, place }) => {
      const item = items.get(recordKey);
      const isHere = item?.[RECORD_BATCH]?.S === name && item[RECORD_BATCH_PLACE]?.S === place;
      return isHere ? storedOf(item) : undefined;
    });
    return { keys, records };
  }

  /** Closes a page whose call has died. The requests that have records are in the batch; the others aren't. */
  async #closeLate(batch: Batch, page: OpenPage): Promise<void> {
    const { records } = await this.readPage(batch, page.page);
    await this.closePage(batch, page, records.filter((record) => record !== undefined).length);
  }

  /** Lets one process recount a batch that hasn't changed for long. */
  async #startRecount(key: string, item: Item, now: number): Promise<boolean> {
    const { changedAt = 0, recountedAt = 0 } = accountOf(item);
    const latest = Math.max(changedAt, recountedAt, numberOf(item, 'sealedAt') ?? 0);
    if (latest + RECOUNT_MILLISECONDS > now) return false;
    const started = await this.update(key, {
      update: 'SET #recountedAt = :now',
      condition: '#createdAt = :createdAt AND (attribute_not_exists(#recountedAt) OR #recountedAt = :before)',
      names: ['recountedAt', 'createdAt'],
      values: {
        ':now': { N: String(now) },
        ':before': { N: String(recountedAt) },
        ':createdAt': { N: item.createdAt?.N ?? '' },
      },
    });
    return started.updated;
  }

  /** Counts all requests by their records. */
  async #recount(batch: Batch, now: number): Promise<void> {
    const { pages } = accountOf(await this.existing(batch));
    const name = batchName(batch);
    let added = 0;
    for (let page = 0; page < pages; page++) {
      const { records } = await this.readPage(batch, page);
      const tally = await this.counter.tally(name, page);
      const changes = records.flatMap((stored, index): RequestChange[] => {
        const place = { batch: name, page, index };
        const counted = tally.at(index);
        if (stored || counted) added++;
        if (stored) {
          const { record, revision, keptUntil } = stored;
          const status = countedStatusOf(record.status);
          return [{ ...place, status, revision, at: record.updatedAt, keptUntil }];
        }
        if (counted?.status !== 'queued' && counted?.status !== 'running') return [];
        return [{ ...place, status: LOST, revision: counted.revision + 1, at: now, keptUntil: now }];
      });
      if (changes.length > 0) await this.counter.count(changes);
    }
    const key = batchItemKey(batch);
    const corrected = await this.update(key, {
      update: 'SET #added = :added',
      condition: '#createdAt = :createdAt AND #added <> :added AND size(#open) = :zero',
      names: ['added', 'createdAt', 'open'],
      values: { ':added': { N: String(added) }, ':createdAt': createdAtOf(batch), ':zero': { N: '0' } },
    });
    if (corrected.updated) await this.counter.endIfDone(key, corrected.item);
  }
}

/** The key of the record of a request in a batch. */
export function recordKeyIn(batch: Batch, key: string): string {
  return keyOf({ id: itemRequestId(batch, key), source: '', tenant: batch.tenant })[RECORD_KEY]?.S ?? '';
}

/** When a batch was created, as the conditions of its updates name it. */
export function createdAtOf({ createdAt }: Batch) {
  return { N: String(createdAt) };
}

function gone({ id }: Batch): Error {
  return new Error(`The batch ${id} is gone from the table`);
}
