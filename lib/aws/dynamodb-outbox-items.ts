import {
  type AttributeValue,
  BatchWriteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import { DYNAMODB_MAX_BATCH_WRITES } from '../core/config/aws-limits.ts';
import type { OutboxItem, OutboxItems } from '../core/ports/outbox-items.ts';
import { SUBMISSION_TYPE } from '../core/wire/submission.ts';
import { lazy } from './lazy.ts';

type Item = Record<string, AttributeValue>;

/** The key of an item: its partition key and, if the table has one, its sort key. */
export type ItemKey = StoredItem;

/** Attributes in the form of DynamoDB. */
export type StoredItem = Readonly<Item>;

/** Most calls that delete the same rows. Each repeats what DynamoDB didn't process. */
const MAX_CALLS = 3;

/** An outbox table in DynamoDB. Other items of the table are left alone. */
export class DynamoDbOutboxItems implements OutboxItems<ItemKey> {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #keyNames: () => Promise<readonly string[]>;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
    this.#keyNames = lazy(async () => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
      return (Table?.KeySchema ?? []).flatMap(({ AttributeName }) => AttributeName ?? []);
    });
  }

  async remove(keys: readonly ItemKey[]): Promise<ReadonlySet<ItemKey>> {
    // One call takes a key once.
    const byText = Map.groupBy(keys, (key) => JSON.stringify(key));
    const left = new Set<ItemKey>();
    const texts = [...byText.keys()];
    for (let first = 0; first < texts.length; first += DYNAMODB_MAX_BATCH_WRITES) {
      const batch = texts.slice(first, first + DYNAMODB_MAX_BATCH_WRITES);
      const remaining = await this.#removeBatch(batch);
      for (const text of remaining) for (const key of byText.get(text) ?? []) left.add(key);
    }
    return left;
  }

  /** @returns those that may still be there; never rejects */
  async #removeBatch(texts: readonly string[]): Promise<readonly string[]> {
    let remaining = texts;
    for (let call = 1; remaining.length > 0 && call <= MAX_CALLS; call++) {
      const requests = remaining.map((text) => ({ DeleteRequest: { Key: JSON.parse(text) as Item } }));
      try {
        const { UnprocessedItems } = await this.#client.send(
          new BatchWriteItemCommand({ RequestItems: { [this.#table]: requests } }),
        );
        const unprocessed = UnprocessedItems?.[this.#table] ?? [];
        // The order of the members of a key may differ in a response.
        const again = unprocessed.map(({ DeleteRequest }) => canonical(DeleteRequest?.Key ?? {}));
        remaining = remaining.filter((text) => again.includes(canonical(JSON.parse(text))));
      } catch {
        // After the client's own retries.
        return remaining;
      }
    }
    return remaining;
  }

  async *leftovers(before: number): AsyncIterable<readonly OutboxItem<ItemKey>[]> {
    const keyNames = await this.#keyNames();
    const pages = paginateScan(
      { client: this.#client },
      {
        TableName: this.#table,
        ConsistentRead: true,
        FilterExpression: '#type = :type',
        ExpressionAttributeNames: { '#type': 'type' },
        ExpressionAttributeValues: { ':type': { S: SUBMISSION_TYPE } },
      },
    );
    for await (const { Items = [] } of pages) {
      const rows = Items.map((item) => outboxItem(item, keyOf(item, keyNames)));
      const old = rows.filter(({ texts }) => timeOf(texts.id) < before);
      if (old.length > 0) yield old;
    }
  }
}

/** A row from its item in the form of DynamoDB. */
export function outboxItem(item: StoredItem, key: ItemKey): OutboxItem<ItemKey> {
  const texts = Object.fromEntries(Object.entries(item).map(([name, { S }]) => [name, S]));
  return { key, texts, json: JSON.stringify(item) };
}

function keyOf(item: Item, names: readonly string[]): ItemKey {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = item[name];
      return value ? [[name, value] as const] : [];
    }),
  );
}

/** When a request was made, in milliseconds since 1970: its id is a UUID of version 7. 0 for any other id. */
function timeOf(id = ''): number {
  const [, high = '', low = ''] = /([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/.exec(id) ?? [];
  return Number.parseInt(`${high}${low}` || '0', 16);
}

function canonical(key: Item): string {
  return JSON.stringify(Object.entries(key).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
