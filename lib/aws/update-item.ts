import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionConflictException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { backoffBound } from '../core/base/backoff.ts';
import { RECORD_KEY } from '../core/config/record-table.ts';
import type { Random } from '../core/ports/clock.ts';
import type { Item } from './record-item.ts';

/** An update of an item. Names begin with `#` and values with `:` in the expressions. */
export interface ItemUpdate {
  readonly update: string;
  readonly condition: string;
  /** The attributes that the expressions name: `#` and the name of the attribute. */
  readonly names: readonly string[];
  /** Names for other attributes, by the names in the expressions. @default - none */
  readonly placeholders?: Readonly<Record<string, string>>;
  readonly values?: Item;
}

/** The result of an update. */
export type ItemUpdated =
  /** The item after it. */
  | { readonly updated: true; readonly item: Item }
  /** The existing item, which doesn't meet the condition; undefined if there is none. */
  | { readonly updated: false; readonly item: Item | undefined };

/** Where {@link updateItem} updates an item. */
export interface ItemUpdater {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly random: Random;
}

/** Most tries at an update while transactions change its item. */
const MAX_TRIES = 8;

/** Upper bound of the wait before the second try; it doubles with every further try. */
const FIRST_WAIT_MILLISECONDS = 20;

/** Updates an item if its condition is met. */
export async function updateItem(
  { client, table, random }: ItemUpdater,
  key: string,
  update: ItemUpdate,
): Promise<ItemUpdated> {
  const command = new UpdateItemCommand({
    ...inputOf(table, key, update),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  for (let tries = 1; ; tries++) {
    try {
      const { Attributes = {} } = await client.send(command);
      return { updated: true, item: Attributes };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { updated: false, item: error.Item };
      // The SDK doesn't retry these.
      if (!(error instanceof TransactionConflictException) || tries === MAX_TRIES) throw error;
      await sleep(random() * backoffBound(tries, FIRST_WAIT_MILLISECONDS));
    }
  }
}

/** The members of an update, in a call or in a transaction. */
export function inputOf(
  table: string,
  key: string,
  { update, condition, names, placeholders, values }: ItemUpdate,
) {
  return {
    TableName: table,
    Key: { [RECORD_KEY]: { S: key } },
    UpdateExpression: update,
    ConditionExpression: condition,
    ExpressionAttributeNames: {
      ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ...placeholders,
    },
    ...(values && { ExpressionAttributeValues: values }),
  };
}
