import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { RecordStore, StoredRecord, WriteResult } from '../core/ports.ts';
import { RECORD_KEY } from '../core/record-table.ts';
import type { RequestIdentity } from '../core/request-id.ts';
import { itemOf, keyOf, storedOf } from './record-item.ts';

/** Request records in a DynamoDB table, an item each. */
export class DynamoDbRecordStore implements RecordStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(request: RequestIdentity): Promise<StoredRecord | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: keyOf(request), ConsistentRead: true }),
    );
    return Item && storedOf(Item);
  }

  async write(next: StoredRecord): Promise<WriteResult> {
    const writeId = crypto.randomUUID();
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { ...itemOf(next), writeId: { S: writeId } },
          ...following(next.revision),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { written: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // The SDK makes a call whose answer was lost again: then what is in the way is this very write.
      if (error.Item?.writeId?.S === writeId) return { written: true };
      return { written: false, stored: error.Item && storedOf(error.Item) };
    }
  }
}

/** The condition that a write follows the latest one. */
function following(revision: number) {
  if (revision === 1) return { ConditionExpression: `attribute_not_exists(${RECORD_KEY})` };
  return {
    ConditionExpression: 'revision = :latest',
    ExpressionAttributeValues: { ':latest': { N: String(revision - 1) } },
  };
}
