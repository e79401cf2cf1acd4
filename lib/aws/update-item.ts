import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORD_KEY } from '../core/config/record-table.ts';
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

/** What became of an update. */
export type ItemUpdated =
  /** The item after it. */
  | { readonly updated: true; readonly item: Item }
  /** The condition isn't met. The item that is there; undefined if there is none. */
  | { readonly updated: false; readonly item: Item | undefined };

/** Updates an item if its condition is met. */
export async function updateItem(
  client: DynamoDBClient,
  table: string,
  key: string,
  update: ItemUpdate,
): Promise<ItemUpdated> {
  try {
    const { Attributes = {} } = await client.send(
      new UpdateItemCommand({
        ...inputOf(table, key, update),
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return { updated: true, item: Attributes };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { updated: false, item: error.Item };
    throw error;
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
