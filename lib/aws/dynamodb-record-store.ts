import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { RecordStore, StoredRecord, WriteResult } from '../core/ports.ts';
import { RECORD_KEY } from '../core/record-table.ts';
import type { RequestIdentity } from '../core/request-id.ts';
import { itemOf, keyOf, storedOf, updateOf } from './record-item.ts';

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
        new UpdateItemCommand({
          TableName: this.#table,
          Key: keyOf(next.record.request),
          ...updateTo(next, writeId),
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

/** What makes a record of whatever is stored, if that is the record before. What its webhook is noted in stays. */
function updateTo(next: StoredRecord, writeId: string) {
  const { [RECORD_KEY]: _, ...attributes } = itemOf(next);
  const set = { ...attributes, writeId: { S: writeId } };
  const update = updateOf(set, next.record.outcome ? [] : ['outcome']);
  if (next.revision === 1) return { ...update, ConditionExpression: `attribute_not_exists(${RECORD_KEY})` };
  const latest = { ':latest': { N: String(next.revision - 1) } };
  return {
    ...update,
    ConditionExpression: '#revision = :latest',
    ExpressionAttributeValues: { ...update.ExpressionAttributeValues, ...latest },
  };
}
