import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RequestIdentity } from '../core/model/request-id.ts';
import { type HandlerWrites, unwritable, type WriteKind } from '../core/ports/handler-writes.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../core/ports/record-store.ts';
import { ConditionalItems, type ConditionalWrite, keyIn } from './dynamodb-conditional-items.ts';
import { itemOf, keyOf, OPTIONAL_ATTRIBUTES, storedOf } from './record-item.ts';

/** Request records in a DynamoDB table, one item each. A write keeps the webhook attributes. */
export class DynamoDbRecordStore implements RecordStore {
  readonly writeKinds: readonly WriteKind[] = ['dynamodb'];
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #items: ConditionalItems;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
    this.#items = new ConditionalItems(client, table, OPTIONAL_ATTRIBUTES);
  }

  async read(request: RequestIdentity): Promise<StoredRecord | undefined> {
    const item = await this.#items.read(keyIn(keyOf(request)));
    return item && storedOf(item);
  }

  async write(next: StoredRecord): Promise<WriteResult> {
    return resultOf(await this.#items.write(itemOf(next)));
  }

  async writeWith(next: StoredRecord, writes: HandlerWrites): Promise<WriteResult> {
    if (!writes.dynamodb) throw unwritable(writes, this.writeKinds);
    // Few handlers need it, and every function would load it.
    const { writeInTransaction } = await import('./dynamodb-transaction.ts');
    const records = { client: this.#client, table: this.#table, optional: OPTIONAL_ATTRIBUTES };
    return resultOf(await writeInTransaction(itemOf(next), writes.dynamodb, records));
  }
}

function resultOf(result: ConditionalWrite): WriteResult {
  return result.written ? result : { written: false, stored: result.item && storedOf(result.item) };
}
