import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DYNAMODB_MAX_BATCH_READS } from '../core/config/aws-limits.ts';
import {
  RECORD_INDEX,
  RECORD_KEY,
  RECORD_LIST,
  RECORD_POSITION,
  SCHEDULE_KEY_PREFIX,
} from '../core/config/record-table.ts';
import { digestOf } from '../core/model/request-id.ts';
import type { Schedule, ScheduleState } from '../core/model/schedule.ts';
import type { Random } from '../core/ports/clock.ts';
import type {
  ListedSchedule,
  ManualRun,
  ScheduleKey,
  ScheduleStore,
  StoredSchedule,
} from '../core/ports/schedule-store.ts';
import { readItems } from './read-items.ts';
import { type Item, updateOf } from './record-item.ts';

/** What a list needs of an item: not the payload. */
const LISTED = [
  'schedule',
  'revision',
  'nextAt',
  'lastAt',
  'lastRequestId',
  'lastManualAt',
  'lastManualRequestId',
];

/**
 * Schedules in the table of request records, one item for each. The index of the table lists them by name; it lags behind the
 * table by some milliseconds.
 */
export class DynamoDbScheduleStore implements ScheduleStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #random: Random;

  constructor(client: DynamoDBClient, table: string, random: Random = Math.random) {
    this.#client = client;
    this.#table = table;
    this.#random = random;
  }

  async put(
    schedule: Schedule,
    revision: string,
    nextAt: number | undefined,
    only?: string,
  ): Promise<string | undefined> {
    const { payload, ...rest } = schedule;
    const set: Item = {
      [RECORD_LIST]: { S: listOf(schedule.tenant) },
      [RECORD_POSITION]: { S: schedule.name },
      schedule: { S: JSON.stringify(rest) },
      payload: { B: Buffer.from(payload, 'base64') },
      revision: { S: revision },
      ...timeItem('nextAt', nextAt),
    };
    const remove = ['leasedUntil', 'leaseId', ...(nextAt === undefined ? ['nextAt'] : [])];
    const update = updateOf(set, remove);
    const condition = {
      ConditionExpression: '#revision = :only',
      ExpressionAttributeValues: { ...update.ExpressionAttributeValues, ':only': { S: only ?? '' } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    } as const;
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          ...this.#item(schedule),
          ...update,
          ...(only !== undefined && condition),
          ReturnValues: 'UPDATED_OLD',
        }),
      );
      const replaced = Attributes?.revision?.S;
      // The SDK retries a call whose response was lost.
      return replaced === revision ? undefined : replaced;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return error.Item?.revision?.S === revision ? only : undefined;
    }
  }

  async list(tenant: string | undefined): Promise<readonly ListedSchedule[]> {
    const keys: string[] = [];
    for await (const { Items = [] } of paginateQuery({ client: this.#client }, this.#listing(tenant))) {
      keys.push(...Items.map((item) => item[RECORD_KEY]?.S ?? ''));
    }
    const listed: ListedSchedule[] = [];
    const from = { client: this.#client, table: this.#table, random: this.#random };
    for (let first = 0; first < keys.length; first += DYNAMODB_MAX_BATCH_READS) {
      const page = new Set(keys.slice(first, first + DYNAMODB_MAX_BATCH_READS));
      listed.push(...(await readItems(from, page, LISTED)).map(listedOf));
    }
    return listed.sort(({ schedule: one }, { schedule: other }) => (one.name < other.name ? -1 : 1));
  }

  async count(tenant: string | undefined): Promise<number> {
    const { Count = 0 } = await this.#client.send(
      new QueryCommand({ ...this.#listing(tenant), Select: 'COUNT' }),
    );
    return Count;
  }

  async get(key: ScheduleKey): Promise<StoredSchedule | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ ...this.#item(key), ConsistentRead: true }),
    );
    return Item && storedOf(Item);
  }

  async remove(key: ScheduleKey): Promise<string | undefined> {
    const { Attributes } = await this.#client.send(
      new DeleteItemCommand({ ...this.#item(key), ReturnValues: 'ALL_OLD' }),
    );
    return Attributes?.revision?.S;
  }

  async take(key: ScheduleKey, now: number, leasedUntil: number): Promise<StoredSchedule | undefined> {
    const leaseId = crypto.randomUUID();
    const update = updateOf({ leasedUntil: { N: String(leasedUntil) }, leaseId: { S: leaseId } });
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          ...this.#item(key),
          UpdateExpression: update.UpdateExpression,
          ConditionExpression:
            '#nextAt <= :now AND (attribute_not_exists(#leasedUntil) OR #leasedUntil <= :now)',
          ExpressionAttributeNames: { ...update.ExpressionAttributeNames, '#nextAt': 'nextAt' },
          ExpressionAttributeValues: { ...update.ExpressionAttributeValues, ':now': { N: String(now) } },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return Attributes && storedOf(Attributes);
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // The SDK retries a call whose response was lost: then the existing lease is this one.
      return error.Item?.leaseId?.S === leaseId ? storedOf(error.Item) : undefined;
    }
  }

  async advance({ schedule, revision }: StoredSchedule, state: ScheduleState): Promise<void> {
    const { nextAt, lastAt, lastRequestId } = state;
    const set: Item = {
      ...timeItem('nextAt', nextAt),
      ...timeItem('lastAt', lastAt),
      ...(lastRequestId !== undefined && { lastRequestId: { S: lastRequestId } }),
      leasedUntil: { N: '0' },
    };
    const update = updateOf(set, nextAt === undefined ? ['nextAt'] : []);
    try {
      await this.#client.send(
        new UpdateItemCommand({
          ...this.#item(schedule),
          UpdateExpression: update.UpdateExpression,
          ConditionExpression: '#revision = :revision',
          ExpressionAttributeNames: { ...update.ExpressionAttributeNames, '#revision': 'revision' },
          ExpressionAttributeValues: {
            ...update.ExpressionAttributeValues,
            ':revision': { S: revision },
          },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  async noteManualRun(key: ScheduleKey, { at, requestId }: ManualRun): Promise<void> {
    const update = updateOf({ ...timeItem('lastManualAt', at), lastManualRequestId: { S: requestId } });
    try {
      await this.#client.send(
        new UpdateItemCommand({
          ...this.#item(key),
          ...update,
          ConditionExpression:
            'attribute_exists(#revision) AND (attribute_not_exists(#lastManualAt) OR #lastManualAt < :lastManualAt)',
          ExpressionAttributeNames: { ...update.ExpressionAttributeNames, '#revision': 'revision' },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  #item(key: ScheduleKey) {
    return { TableName: this.#table, Key: { [RECORD_KEY]: { S: partitionKeyOf(key) } } };
  }

  #listing(tenant: string | undefined): QueryCommandInput {
    return {
      TableName: this.#table,
      IndexName: RECORD_INDEX,
      KeyConditionExpression: '#list = :list',
      ExpressionAttributeNames: { '#list': RECORD_LIST },
      ExpressionAttributeValues: { ':list': { S: listOf(tenant) } },
    };
  }
}

function partitionKeyOf({ name, tenant }: ScheduleKey): string {
  const digest = tenant === undefined ? digestOf('schedule', name) : digestOf('schedule', name, tenant);
  return `${SCHEDULE_KEY_PREFIX}${digest}`;
}

/** The list of a tenant's schedules in the index. */
function listOf(tenant: string | undefined): string {
  return `schedules#${tenant === undefined ? digestOf('list') : digestOf('list', tenant)}`;
}

function timeItem(name: string, time: number | undefined): Item {
  return time === undefined ? {} : { [name]: { N: String(time) } };
}

function listedOf(item: Item): ListedSchedule {
  const { schedule, revision, nextAt, lastAt, lastRequestId, lastManualAt, lastManualRequestId } = item;
  const at = timeOf(lastManualAt);
  return {
    schedule: JSON.parse(schedule?.S ?? ''),
    state: { nextAt: timeOf(nextAt), lastAt: timeOf(lastAt), lastRequestId: lastRequestId?.S },
    revision: revision?.S ?? '',
    ...(at !== undefined && { lastManualRun: { at, requestId: lastManualRequestId?.S ?? '' } }),
  };
}

function storedOf(item: Item): StoredSchedule {
  const { schedule, ...listed } = listedOf(item);
  const payload = Buffer.from(item.payload?.B ?? []).toString('base64');
  return { ...listed, schedule: { ...schedule, payload } };
}

function timeOf(value: Item[string] | undefined): number | undefined {
  return value?.N === undefined ? undefined : Number(value.N);
}
