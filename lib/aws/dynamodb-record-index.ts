import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { DYNAMODB_MAX_BATCH_READS } from '../core/config/aws-limits.ts';
import { RECORD_INDEX, RECORD_KEY, RECORD_LIST, RECORD_POSITION } from '../core/config/record-table.ts';
import { positionOf } from '../core/model/record-position.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { RecordIndex, RecordListing, RecordPage } from '../core/ports/record-store.ts';
import { readItems } from './read-items.ts';
import { type Item, listsOf, storedOf } from './record-item.ts';

/** A record's keys in the index. */
interface Entry {
  readonly key: string;
  readonly position: string;
}

/** Sorts after every position. */
const BEFORE_THE_NEWEST = '~';

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

  async list({ tenant, after = BEFORE_THE_NEWEST, limit }: RecordListing): Promise<RecordPage> {
    const most = Math.min(limit, DYNAMODB_MAX_BATCH_READS);
    // One more than fits on the page shows whether there is a next page.
    const lists = await Promise.all(listsOf(tenant).map((list) => this.#newest(list, after, most + 1)));
    const entries = lists.flat().sort(newestFirst);
    const page = entries.slice(0, most);
    const records = await this.#recordsOf(page);
    return entries.length > most ? { records, next: page.at(-1)?.position } : { records };
  }

  /** The newest entries of a list after a position. Fewer than `count` means that the list ends there. */
  async #newest(list: string, after: string, count: number): Promise<Entry[]> {
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#table,
        IndexName: RECORD_INDEX,
        KeyConditionExpression: '#list = :list AND #position < :after',
        ExpressionAttributeNames: { '#list': RECORD_LIST, '#position': RECORD_POSITION },
        ExpressionAttributeValues: { ':list': { S: list }, ':after': { S: after } },
        ScanIndexForward: false,
        Limit: count,
      },
    );
    const entries: Entry[] = [];
    for await (const { Items = [] } of pages) {
      entries.push(...Items.map(entryOf));
      if (entries.length >= count) break;
    }
    return entries;
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
