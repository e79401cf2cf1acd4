import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DynamoDBClient,
  TransactionCanceledException,
  TransactionInProgressException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { backoffBound } from '../core/base/backoff.ts';
import { DAY_MILLISECONDS } from '../core/base/time.ts';
import { RECORD_KEY, RECORD_TTL } from '../core/config/record-table.ts';
import { batchSizeOf, COUNTED_STATUSES, type CountedStatus } from '../core/model/batch.ts';
import type { Random } from '../core/ports/clock.ts';
import { numberOf } from './batch-item.ts';
import { type BatchPlace, batchNamed, tallyItemKey } from './batch-place.ts';
import { type CountChanges, Tally } from './batch-tally.ts';
import { readItem, readItems } from './read-items.ts';
import type { Item } from './record-item.ts';
import { inputOf, updateItem } from './update-item.ts';

/** The state of a request of a batch, as its record says. */
export interface RequestChange extends BatchPlace {
  /** The name of the batch, see `batchName`. */
  readonly batch: string;
  readonly status: CountedStatus;
  readonly revision: number;
  /** When the record changed, in milliseconds since 1970. */
  readonly at: number;
  /** When the record may be deleted, in milliseconds since 1970. */
  readonly keptUntil: number;
}

/** The ports of a {@link DynamoDbBatchCounter}. */
export interface BatchCounterPorts {
  readonly client: DynamoDBClient;
  /** The table of request records. */
  readonly table: string;
  readonly random: Random;
}

/** How much longer than the records the items of a batch are kept: longer than any request takes. */
export const BATCH_ITEMS_MARGIN_MILLISECONDS = 90 * DAY_MILLISECONDS;

/** Pages that are counted in a transaction, which takes 100 items. Few, so that transactions rarely meet. */
const PAGES_TOGETHER = 25;

/** Most tries at a transaction: each fails if another one changed an item meanwhile. */
const MAX_TRIES = 12;

/** Upper bound of the wait before the second try; it doubles with every further try, up to a second. */
const FIRST_WAIT_MILLISECONDS = 20;
const LONGEST_WAIT_MILLISECONDS = 1_000;

interface PageTally {
  readonly key: string;
  readonly tally: Tally;
  /** The number of writes of the item; 0 if there is none. */
  readonly version: number;
  readonly keptUntil: number;
}

/**
 * Counts the requests of batches by their status, each once, however often a change comes: the counts of a batch and the {@link Tally}
 * of each page change in one transaction.
 */
export class DynamoDbBatchCounter {
  readonly #ports: BatchCounterPorts;

  constructor(ports: BatchCounterPorts) {
    this.#ports = ports;
  }

  /**
   * Counts changes, and ends the batches whose requests have all ended.
   * @returns the items of the batches that changed
   * @throws the SDK's error; what wasn't counted then can be counted again
   */
  async count(changes: readonly RequestChange[]): Promise<Item[]> {
    const items: Item[] = [];
    for (const [batch, all] of Map.groupBy(changes, (change) => change.batch)) {
      const pages = [...Map.groupBy(all, ({ page }) => page)];
      for (let start = 0; start < pages.length; start += PAGES_TOGETHER) {
        await this.#countTogether(batch, new Map(pages.slice(start, start + PAGES_TOGETHER)));
      }
      const { key, createdAt } = batchNamed(batch);
      const item = await readItem(this.#ports, key);
      if (item && numberOf(item, 'createdAt') === createdAt) items.push(await this.endIfDone(key, item));
    }
    return items;
  }

  /** What is counted of a page. */
  async tally(batch: string, page: number): Promise<Tally> {
    const item = await readItem(this.#ports, tallyItemKey(batch, page));
    return new Tally(item?.tally?.B);
  }

  /**
   * Ends a batch if it is sealed, nothing adds requests to it, and all of them have ended and are counted.
   * @param item as it was read @returns as it is then
   */
  async endIfDone(key: string, item: Item): Promise<Item> {
    const isDone =
      item.sealedAt &&
      !item.endedAt &&
      numberOf(item, 'queued') === 0 &&
      numberOf(item, 'running') === 0 &&
      numberOf(item, 'counted') === numberOf(item, 'added') &&
      Object.keys(item.open?.M ?? {}).length === 0;
    if (!isDone) return item;
    const endedAt = Math.max(numberOf(item, 'sealedAt') ?? 0, numberOf(item, 'changedAt') ?? 0);
    const result = await updateItem(this.#ports, key, {
      update: 'SET #endedAt = :endedAt, #expiredAtEnd = #expired, #leasedUntil = :zero',
      condition:
        '#createdAt = :createdAt AND attribute_exists(#sealedAt) AND attribute_not_exists(#endedAt) AND size(#open) = :zero ' +
        'AND #queued = :zero AND #running = :zero AND #counted = #added',
      names: [
        'endedAt',
        'expiredAtEnd',
        'expired',
        'leasedUntil',
        'createdAt',
        'sealedAt',
        'open',
        'queued',
        'running',
        'counted',
        'added',
      ],
      values: {
        ':endedAt': { N: String(endedAt) },
        ':createdAt': { N: item.createdAt?.N ?? '' },
        ':zero': { N: '0' },
      },
    });
    return result.item ?? item;
  }

  async #countTogether(batch: string, pages: ReadonlyMap<number, readonly RequestChange[]>): Promise<void> {
    // Shards of the stream lag differently: a later change may be counted already.
    let isLatest = true;
    for (let tries = 1; ; tries++) {
      const tallies = await this.#tallies(batch, pages);
      const writes: TransactWriteItem[] = [];
      const sum = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
      const counted: RequestChange[] = [];
      for (const [page, changes] of pages) {
        const stored = tallies.get(page);
        const countChanges = stored?.tally.apply(changes);
        if (!stored || !countChanges) continue;
        for (const status of COUNTED_STATUSES) sum[status] += countChanges[status];
        counted.push(...changes);
        writes.push(this.#writeOf(stored));
      }
      if (writes.length === 0) return;
      const counting = this.#countingOf(batch, sum, counted, isLatest);
      try {
        await this.#ports.client.send(
          new TransactWriteItemsCommand({ TransactItems: [counting, ...writes] }),
        );
        return;
      } catch (error) {
        const refusing = itemRefusing(error);
        if (refusing) {
          if (!isLatest || numberOf(refusing, 'createdAt') !== batchNamed(batch).createdAt) return;
          isLatest = false;
          continue;
        }
        if (tries === MAX_TRIES || !isContended(error)) throw error;
        const bound = backoffBound(tries, FIRST_WAIT_MILLISECONDS, LONGEST_WAIT_MILLISECONDS);
        await sleep(this.#ports.random() * bound);
      }
    }
  }

  async #tallies(
    batch: string,
    pages: ReadonlyMap<number, readonly RequestChange[]>,
  ): Promise<ReadonlyMap<number, PageTally>> {
    const keys = new Map([...pages.keys()].map((page) => [page, tallyItemKey(batch, page)]));
    const items = await readItems({ ...this.#ports, consistent: true }, new Set(keys.values()));
    const byKey = new Map(items.map((item) => [item[RECORD_KEY]?.S, item]));
    return new Map(
      [...keys].map(([page, key]) => {
        const item = byKey.get(key);
        const keptUntil = Math.max(...(pages.get(page) ?? []).map((change) => change.keptUntil));
        const version = (item && numberOf(item, 'version')) ?? 0;
        return [page, { key, tally: new Tally(item?.tally?.B), version, keptUntil }];
      }),
    );
  }

  #writeOf({ key, tally, version, keptUntil }: PageTally): TransactWriteItem {
    const ttl = Math.ceil((keptUntil + BATCH_ITEMS_MARGIN_MILLISECONDS) / 1000);
    return {
      Put: {
        TableName: this.#ports.table,
        Item: {
          [RECORD_KEY]: { S: key },
          tally: { B: tally.bytes },
          version: { N: String(version + 1) },
          [RECORD_TTL]: { N: String(ttl) },
        },
        ...(version === 0
          ? {
              ConditionExpression: 'attribute_not_exists(#key)',
              ExpressionAttributeNames: { '#key': RECORD_KEY },
            }
          : {
              ConditionExpression: '#version = :version',
              ExpressionAttributeNames: { '#version': 'version' },
              ExpressionAttributeValues: { ':version': { N: String(version) } },
            }),
      },
    };
  }

  /** @param isLatest whether it notes when the requests changed, and is refused if the batch has a later change */
  #countingOf(
    batch: string,
    changes: CountChanges,
    counted: readonly RequestChange[],
    isLatest: boolean,
  ): TransactWriteItem {
    const { key, createdAt } = batchNamed(batch);
    const started = counted.filter(({ status }) => status !== 'queued').map(({ at }) => at);
    const changed = COUNTED_STATUSES.filter((status) => changes[status] !== 0);
    const adding = ['counted', ...changed].map((status) => `#${status} :${status}`);
    const setting = [
      ...(isLatest ? ['#changedAt = :changedAt'] : []),
      ...(started.length > 0 ? ['#startedAt = if_not_exists(#startedAt, :startedAt)'] : []),
    ];
    const update = {
      ...inputOf(this.#ports.table, key, {
        update: `ADD ${adding.join(', ')}${setting.length > 0 ? ` SET ${setting.join(', ')}` : ''}`,
        condition: `#createdAt = :createdAt${isLatest ? ' AND (attribute_not_exists(#changedAt) OR #changedAt <= :changedAt)' : ''}`,
        names: [
          'counted',
          ...changed,
          'createdAt',
          ...(isLatest ? ['changedAt'] : []),
          ...(started.length > 0 ? ['startedAt'] : []),
        ],
        values: {
          ':counted': { N: String(batchSizeOf(changes)) },
          ...Object.fromEntries(changed.map((status) => [`:${status}`, { N: String(changes[status]) }])),
          ...(isLatest && { ':changedAt': { N: String(Math.max(...counted.map(({ at }) => at))) } }),
          ':createdAt': { N: String(createdAt) },
          ...(started.length > 0 && { ':startedAt': { N: String(Math.min(...started)) } }),
        },
      }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    };
    return { Update: update };
  }
}

/** The item of the batch, the first one of the transaction, if it didn't meet the condition; without attributes if it is gone. */
function itemRefusing(error: unknown): Item | undefined {
  if (!(error instanceof TransactionCanceledException)) return undefined;
  const [reason] = error.CancellationReasons ?? [];
  return reason?.Code === 'ConditionalCheckFailed' ? (reason.Item ?? {}) : undefined;
}

/** Codes of a transaction that can succeed with the current items. */
const CONTENDED: readonly (string | undefined)[] = [
  'ConditionalCheckFailed',
  'TransactionConflict',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
];

function isContended(error: unknown): boolean {
  if (error instanceof TransactionInProgressException) return true;
  return (
    error instanceof TransactionCanceledException &&
    (error.CancellationReasons ?? []).some(({ Code }) => CONTENDED.includes(Code))
  );
}
