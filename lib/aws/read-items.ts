import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { backoffBound } from '../core/base/backoff.ts';
import { RECORD_KEY } from '../core/config/record-table.ts';
import type { Random } from '../core/ports/clock.ts';
import type { Item } from './record-item.ts';

/** The table that {@link readItems} reads from. */
export interface ReadTable {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly random: Random;
  /** Whether to read the latest writes, for twice the price. @default false */
  readonly consistent?: boolean;
}

/** Most calls for a set of items. A response omits items beyond 16 MB and throttled ones. */
const MAX_READS = 5;

/** Upper bound of the wait before the second call; it doubles with every further call. */
const FIRST_WAIT_MILLISECONDS = 50;

/**
 * Reads items by their keys, at most `DYNAMODB_MAX_BATCH_READS`. Those that don't exist are left out.
 * @param attributes those to read. @default - all
 * @throws Error if DynamoDB omits items from every response
 */
export async function readItems(
  { client, table, random, consistent }: ReadTable,
  keys: ReadonlySet<string>,
  attributes?: readonly string[],
): Promise<Item[]> {
  const items: Item[] = [];
  const projection = attributes && {
    ProjectionExpression: attributes.map((name) => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map((name) => [`#${name}`, name])),
  };
  let left: Item[] = [...keys].map((key) => ({ [RECORD_KEY]: { S: key } }));
  for (let reads = 0; left.length > 0; reads++) {
    if (reads === MAX_READS) {
      throw new Error(`${left.length} of ${keys.size} items are missing in ${reads} responses`);
    }
    if (reads > 0) await sleep(random() * backoffBound(reads, FIRST_WAIT_MILLISECONDS));
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetItemCommand({
        RequestItems: { [table]: { Keys: left, ConsistentRead: consistent, ...projection } },
      }),
    );
    items.push(...(Responses?.[table] ?? []));
    left = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return items;
}

/** Reads the latest state of an item; undefined if there is none. */
export async function readItem(
  { client, table }: Pick<ReadTable, 'client' | 'table'>,
  key: string,
): Promise<Item | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: { [RECORD_KEY]: { S: key } }, ConsistentRead: true }),
  );
  return Item;
}
