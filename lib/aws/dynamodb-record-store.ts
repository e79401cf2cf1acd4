import type { BatchStatementRequest, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RECORD_KEY } from '../core/config/record-table.ts';
import type { RequestIdentity } from '../core/model/request-id.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../core/ports/record-store.ts';
import { StatementBatcher, StatementFailed } from './dynamodb-statement-batcher.ts';
import { type Item, itemOf, keyOf, storedOf } from './record-item.ts';

/** Request records in a DynamoDB table, one item each. Concurrent reads share calls, and so do writes. */
export class DynamoDbRecordStore implements RecordStore {
  readonly #table: string;
  readonly #reads: StatementBatcher;
  readonly #writes: StatementBatcher;

  constructor(client: DynamoDBClient, table: string) {
    this.#table = table;
    this.#reads = new StatementBatcher(client);
    this.#writes = new StatementBatcher(client);
  }

  async read(request: RequestIdentity): Promise<StoredRecord | undefined> {
    const item = await this.#read(keyOf(request));
    return item && storedOf(item);
  }

  async write(next: StoredRecord): Promise<WriteResult> {
    const writeId = crypto.randomUUID();
    const item = { ...itemOf(next), writeId: { S: writeId } };
    try {
      const statement = next.revision === 1 ? this.#insert(item) : this.#update(item, next.revision - 1);
      await this.#writes.execute(keyIn(item), {
        ...statement,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      return { written: true };
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error;
      const stored = await this.#inTheWayOf(error, item);
      // The SDK retries a call whose response was lost: then the existing item is from this write.
      if (stored?.writeId?.S === writeId) return { written: true };
      return { written: false, stored: stored && storedOf(stored) };
    }
  }

  #read(item: Item): Promise<Item | undefined> {
    const key = keyIn(item);
    return this.#reads.execute(key, {
      Statement: `SELECT * FROM ${quoted(this.#table)} WHERE ${quoted(RECORD_KEY)} = ?`,
      Parameters: [{ S: key }],
      ConsistentRead: true,
    });
  }

  #insert(item: Item): BatchStatementRequest {
    const members = Object.keys(item).map((name) => `'${name}': ?`);
    return {
      Statement: `INSERT INTO ${quoted(this.#table)} VALUE {${members.join(', ')}}`,
      Parameters: Object.values(item),
    };
  }

  /** Keeps the webhook attributes. */
  #update(item: Item, revision: number): BatchStatementRequest {
    const { [RECORD_KEY]: _, ...attributes } = item;
    const set = Object.keys(attributes).map((name) => `SET ${quoted(name)} = ?`);
    const changes = 'outcome' in attributes ? set : [...set, `REMOVE ${quoted('outcome')}`];
    const condition = `${quoted(RECORD_KEY)} = ? AND ${quoted('revision')} = ?`;
    return {
      Statement: `UPDATE ${quoted(this.#table)} ${changes.join(' ')} WHERE ${condition}`,
      Parameters: [...Object.values(attributes), { S: keyIn(item) }, { N: String(revision) }],
    };
  }

  /**
   * The existing item that made a conditional write fail, if there is one.
   * @throws StatementFailed if the write failed for another reason
   */
  async #inTheWayOf(failure: StatementFailed, item: Item): Promise<Item | undefined> {
    switch (failure.code) {
      case 'ConditionalCheckFailed':
        return failure.item;
      case 'DuplicateItem':
        // DynamoDB may respond to an INSERT without the item.
        return failure.item ?? (await this.#read(item));
      default:
        throw failure;
    }
  }
}

function keyIn(item: Item): string {
  return item[RECORD_KEY]?.S ?? '';
}

/** Quotes a name for PartiQL, since it may be a reserved word. */
function quoted(name: string): string {
  return `"${name}"`;
}
