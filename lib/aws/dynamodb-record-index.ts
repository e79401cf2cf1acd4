import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DYNAMODB_MAX_BATCH_READS } from '../core/config/aws-limits.ts';
import { RECORD_KEY, RECORD_POSITION } from '../core/config/record-table.ts';
import { positionOf } from '../core/model/record-position.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { RecordIndex, RecordListing, RecordPage } from '../core/ports/record-store.ts';
import { newestEntries } from './newest-entries.ts';
import { readItems } from './read-items.ts';
import { type Item, listsOf, storedOf } from './record-item.ts';

/** A record's keys in the index. */
interface Entry {
  readonly key: string;
  readonly position: string;
}

/** Lists the records of a {@link DynamoDbRecordStore} whose table has the index. */
export class DynamoDbRecordIndex implements RecordIndex {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(client: DynamoDBClient, table: string, clock: Clock, random: Random = Math.random) {
    this.#client = client;
    this.#table = table;
    this.#clock = clock;
    this.#random = random;
  }

  async list({ tenant, after, limit }: RecordListing): Promise<RecordPage> {
    const most = Math.min(limit, DYNAMODB_MAX_BATCH_READS);
    // One more than fits on the page shows whether there is a next page.
    const from = { client: this.#client, table: this.#table };
    const lists = await Promise.all(
      listsOf(tenant).map((list) => newestEntries(from, { list, after, count: most + 1 })),
    );
    const entries = lists.flat().map(entryOf).sort(newestFirst);
    const page = entries.slice(0, most);
    const records = await this.#recordsOf(page);
    return entries.length > most ? { records, next: page.at(-1)?.position } : { records };
  }

  /**
   * The records of entries, in the same order. The index lags behind the table: a record that isn't at its entry's
   * position was deleted, or was created again and is among the newest.
   */
  async #recordsOf(entries: readonly Entry[]): Promise<RequestRecord[]> {
    const from = { client: this.#client, table: this.#table, random: this.#random };
    const items = await readItems(from, new Set(entries.map(({ key }) => key)));
    const now = this.#clock.now();
    const kept = items.map(storedOf).filter(({ keptUntil }) => keptUntil > now);
    const byPosition = new Map(kept.map(({ record }) => [positionOf(record), record]));
    return entries.flatMap(({ position }) => byPosition.get(position) ?? []);
  }
}

function entryOf(item: Item): Entry {
  return { key: item[RECORD_KEY]?.S ?? '', position: item[RECORD_POSITION]?.S ?? '' };
}

function newestFirst({ position: one }: Entry, { position: other }: Entry): number {
  if (one === other) return 0;
  return one < other ? 1 : -1;
}
