import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RequestIdentity } from '../core/model/request-id.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../core/ports/record-store.ts';
import { ConditionalItems, keyIn } from './dynamodb-conditional-items.ts';
import { itemOf, keyOf, storedOf } from './record-item.ts';

/** Request records in a DynamoDB table, one item each. A write keeps the webhook attributes. */
export class DynamoDbRecordStore implements RecordStore {
  readonly #items: ConditionalItems;

  constructor(client: DynamoDBClient, table: string) {
    this.#items = new ConditionalItems(client, table, ['outcome']);
  }

  async read(request: RequestIdentity): Promise<StoredRecord | undefined> {
    const item = await this.#items.read(keyIn(keyOf(request)));
    return item && storedOf(item);
  }

  async write(next: StoredRecord): Promise<WriteResult> {
    const result = await this.#items.write(itemOf(next));
    return result.written ? result : { written: false, stored: result.item && storedOf(result.item) };
  }
}
