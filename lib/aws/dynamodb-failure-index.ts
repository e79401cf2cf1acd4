import {
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { DYNAMODB_MAX_BATCH_READS } from '../core/config/aws-limits.ts';
import {
  FAILURE_INDEX,
  FAILURE_LIST,
  FAILURE_NOTE_KEY_PREFIX,
  FAILURE_POSITION,
  FAILURE_TENANT,
  RECORD_KEY,
} from '../core/config/record-table.ts';
import { digestAt, failurePositionOf } from '../core/model/failure-position.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import {
  type FailureCount,
  type FailureIndex,
  type FailureListing,
  type FailureNote,
  MAX_GROUP_TENANTS,
  type TenantScope,
} from '../core/ports/failure-index.ts';
import type { RecordPage } from '../core/ports/record-store.ts';
import { readItems } from './read-items.ts';
import { type Item, partitionKeyOf, SHARDS, storedOf } from './record-item.ts';

/** Entries that one `Query` of a walk reads. A larger group takes three calls more, and is walked no further. */
const ENTRIES_AT_ONCE = 200;

/** Most `Query` calls of a walk through one of the lists: hundreds of large groups, and ten thousands of small ones. */
const MAX_QUERIES = 300;

/**
 * Most `Query` calls that count or search the rest of a group in one of the lists. Each reads 1 MB, which is at least 900
 * entries, with the longest names of tenants: in all lists over `EXACT_FAILURES`.
 */
const MAX_PAGES = 8;

/** Sorts after everything that begins with the same characters: keys have only ASCII. */
const END = '~';

/** Sorts before everything that continues a key. */
const NEXT = ' ';

/** A place in one of the lists. */
interface Entry {
  /** The id of the group. */
  readonly group: string;
  /** The position in the group. */
  readonly position: string;
  readonly tenant: string | undefined;
}

/** Failures of a group that were found in one of the lists. */
interface Found extends Omit<FailureCount, 'tenants'> {
  readonly tenants: Iterable<string>;
}

/**
 * Finds the failed requests of a `DynamoDbRecordStore` whose table has the index. Each of its lists is sorted by group and
 * time, so that a walk finds the groups without reading all failures.
 */
export class DynamoDbFailureIndex implements FailureIndex {
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

  async count(scope: TenantScope, id = ''): Promise<readonly FailureCount[]> {
    const found = await Promise.all(SHARDS.map((list) => this.#walk(list, scope, id)));
    return [...Map.groupBy(found.flat(), ({ id }) => id).values()].map(sumOf);
  }

  async latest(counts: readonly FailureCount[]): Promise<ReadonlyMap<string, RequestRecord>> {
    const records = await this.#recordsAt(counts.map(({ latest }) => latest));
    return new Map(
      counts.flatMap(({ id, latest }) => {
        const record = records.get(latest);
        return record ? [[id, record] as const] : [];
      }),
    );
  }

  async list({ id, scope, after = END, limit }: FailureListing): Promise<RecordPage> {
    const most = Math.min(limit, DYNAMODB_MAX_BATCH_READS);
    // One more than fits on the page shows whether there is a next page.
    const lists = await Promise.all(SHARDS.map((list) => this.#newest(list, id, scope, after, most + 1)));
    // What is older than where a list wasn't read on may not be next.
    const readTo = lists.map(({ readTo }) => readTo).reduce((one, other) => (one > other ? one : other));
    const found = lists.flatMap(({ positions }) => positions).filter((position) => position >= readTo);
    const positions = found.toSorted().reverse();
    const page = positions.slice(0, most);
    const records = await this.#recordsAt(page);
    const next = positions.length > most ? page.at(-1) : readTo || undefined;
    return {
      records: page.flatMap((position) => records.get(position) ?? []),
      ...(next !== undefined && { next }),
    };
  }

  async notes(ids: readonly string[]): Promise<ReadonlyMap<string, FailureNote>> {
    const from = { client: this.#client, table: this.#table, random: this.#random, consistent: true };
    const items = await readItems(from, new Set(ids.map((id) => `${FAILURE_NOTE_KEY_PREFIX}${id}`)));
    return new Map(
      items.map((item) => {
        const id = item[RECORD_KEY]?.S?.slice(FAILURE_NOTE_KEY_PREFIX.length) ?? '';
        return [id, JSON.parse(item.note?.S ?? '')] as const;
      }),
    );
  }

  async note(id: string, note: FailureNote): Promise<void> {
    const key = { [RECORD_KEY]: { S: `${FAILURE_NOTE_KEY_PREFIX}${id}` } };
    const Item = { ...key, note: { S: JSON.stringify(note) } };
    await this.#client.send(new PutItemCommand({ TableName: this.#table, Item }));
  }

  /** The groups in one of the lists. @param id only this group; empty for all */
  async #walk(list: string, scope: TenantScope, id: string): Promise<Found[]> {
    const found: Found[] = [];
    let from = id;
    for (let queries = 0; queries < MAX_QUERIES; ) {
      const input = rangeOf(list, from, `${id}${END}`, scope);
      const { Items = [], LastEvaluatedKey } = await this.#query({ ...input, Limit: ENTRIES_AT_ONCE });
      queries++;
      const entries = Items.map(entryOf);
      found.push(...[...Map.groupBy(entries, ({ group }) => group).values()].map(foundIn));
      if (!LastEvaluatedKey) break;
      const last = entryOf(LastEvaluatedKey);
      from = `${keyOf(last)}${NEXT}`;
      // A group that fills a page may be large: it isn't walked through.
      if ((entries[0]?.group ?? last.group) === last.group) {
        const { rest, calls } = await this.#restOf(list, last.group, from, scope);
        found.push(...rest);
        from = `${last.group}${END}`;
        queries += calls;
      }
    }
    return found;
  }

  /** Counts the failures of a group in one of the lists. @param from the key that it counts from */
  async #restOf(list: string, group: string, from: string, scope: TenantScope) {
    const range = rangeOf(list, from, `${group}${END}`, scope);
    let latest: Entry | undefined;
    let count = 0;
    let calls = 0;
    if (scope === 'all') {
      const { Items = [] } = await this.#query({ ...range, ScanIndexForward: false, Limit: 1 });
      calls++;
      [latest] = Items.map(entryOf);
    }
    const counted: Omit<QueryCommandInput, 'TableName'> = {
      ...range,
      ...(scope === 'all' ? { Select: 'COUNT' } : { ScanIndexForward: false }),
    };
    let ExclusiveStartKey: Item | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page = await this.#query({ ...counted, ExclusiveStartKey });
      calls++;
      count += page.Count ?? 0;
      latest ??= page.Items?.map(entryOf)[0];
      ExclusiveStartKey = page.LastEvaluatedKey;
      if (!ExclusiveStartKey) break;
    }
    return { rest: latest ? [{ ...foundIn([latest]), count }] : [], calls };
  }

  /**
   * The latest positions of a group in one of the lists.
   * @returns `readTo` empty if it was read to its end, else the last position that was read
   */
  async #newest(list: string, id: string, scope: TenantScope, after: string, count: number) {
    // A range has both its ends, and the position itself must not be on the next page.
    const input = rangeOf(list, id, `${id}#${after}`, scope);
    const positions: string[] = [];
    let ExclusiveStartKey: Item | undefined;
    for (let pages = 0; pages < MAX_PAGES && positions.length < count; pages++) {
      const page = await this.#query({
        ...input,
        ScanIndexForward: false,
        ...(scope === 'all' && { Limit: count + 1 }),
        ExclusiveStartKey,
      });
      const found = (page.Items ?? []).map((item) => entryOf(item).position);
      positions.push(...found.filter((position) => position !== after));
      ExclusiveStartKey = page.LastEvaluatedKey;
      if (!ExclusiveStartKey) return { positions, readTo: '' };
    }
    return { positions, readTo: ExclusiveStartKey ? entryOf(ExclusiveStartKey).position : '' };
  }

  #query(input: Omit<QueryCommandInput, 'TableName'>): Promise<QueryCommandOutput> {
    return this.#client.send(
      new QueryCommand({ TableName: this.#table, IndexName: FAILURE_INDEX, ...input }),
    );
  }

  /** The records at positions. The index lags behind the table: a record may have been redriven or deleted meanwhile. */
  async #recordsAt(positions: readonly string[]): Promise<ReadonlyMap<string, RequestRecord>> {
    const from = { client: this.#client, table: this.#table, random: this.#random };
    const keys = new Set(positions.map((position) => partitionKeyOf(digestAt(position))));
    const now = this.#clock.now();
    const records = (await readItems(from, keys)).map(storedOf).filter(({ keptUntil }) => keptUntil > now);
    return new Map(records.map(({ record }) => [failurePositionOf(record), record]));
  }
}

/** The part of a list between two keys, and including them. */
function rangeOf(list: string, from: string, to: string, scope: TenantScope) {
  const isOfOne = scope !== 'all';
  const tenant = isOfOne ? scope.tenant : undefined;
  const names = { '#list': FAILURE_LIST, '#position': FAILURE_POSITION };
  const values = { ':list': { S: list }, ':from': { S: from || NEXT }, ':to': { S: to } };
  return {
    KeyConditionExpression: '#list = :list AND #position BETWEEN :from AND :to',
    ExpressionAttributeNames: { ...names, ...(isOfOne && { '#tenant': FAILURE_TENANT }) },
    ExpressionAttributeValues: { ...values, ...(tenant !== undefined && { ':tenant': { S: tenant } }) },
    ...(isOfOne && {
      FilterExpression: tenant === undefined ? 'attribute_not_exists(#tenant)' : '#tenant = :tenant',
    }),
  };
}

function entryOf(item: Item): Entry {
  const [group = '', ...position] = (item[FAILURE_POSITION]?.S ?? '').split('#');
  return { group, position: position.join('#'), tenant: item[FAILURE_TENANT]?.S };
}

function keyOf({ group, position }: Entry): string {
  return `${group}#${position}`;
}

/** @param entries of one group, in the order of their positions */
function foundIn(entries: readonly Entry[]): Found {
  return {
    id: entries[0]?.group ?? '',
    count: entries.length,
    first: entries[0]?.position ?? '',
    latest: entries.at(-1)?.position ?? '',
    tenants: entries.flatMap(({ tenant }) => tenant ?? []),
  };
}

function sumOf(found: readonly Found[]): FailureCount {
  const firsts = found.map(({ first }) => first).toSorted();
  const latest = found.map(({ latest }) => latest).toSorted();
  return {
    id: found[0]?.id ?? '',
    count: found.reduce((sum, { count }) => sum + count, 0),
    first: firsts[0] ?? '',
    latest: latest.at(-1) ?? '',
    tenants: [...new Set(found.flatMap(({ tenants }) => [...tenants]))].slice(0, MAX_GROUP_TENANTS),
  };
}
