import type { BatchStatementRequest, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RECORD_KEY } from '../core/config/record-table.ts';
import { StatementBatcher, StatementFailed } from './dynamodb-statement-batcher.ts';
import type { Item } from './record-item.ts';

/** The result of a conditional write. */
export type ConditionalWrite =
  | { readonly written: true }
  /** The item that is there instead; undefined if there is none. */
  | { readonly written: false; readonly item: Item | undefined };

/** Items with a number `revision`, each of which follows the one before. Concurrent reads share calls, and so do writes. */
export class ConditionalItems {
  readonly #table: string;
  readonly #optional: readonly string[];
  readonly #reads: StatementBatcher;
  readonly #writes: StatementBatcher;

  /** @param optional attributes that an item may have or not: those that it doesn't have are removed */
  constructor(client: DynamoDBClient, table: string, optional: readonly string[]) {
    this.#table = table;
    this.#optional = optional;
    this.#reads = new StatementBatcher(client);
    this.#writes = new StatementBatcher(client);
  }

  read(key: string): Promise<Item | undefined> {
    return this.#reads.execute(key, {
      Statement: `SELECT * FROM ${quoted(this.#table)} WHERE ${quoted(RECORD_KEY)} = ?`,
      Parameters: [{ S: key }],
      ConsistentRead: true,
    });
  }

  /** Writes if the stored revision is one less than the item's, or if there is no item and its revision is 1. */
  async write(given: Item): Promise<ConditionalWrite> {
    const writeId = crypto.randomUUID();
    const item = { ...given, writeId: { S: writeId } };
    const revision = Number(given.revision?.N);
    try {
      const statement = revision === 1 ? this.#insert(item) : this.#update(item, revision - 1);
      await this.#writes.execute(keyIn(item), {
        ...statement,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      return { written: true };
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error;
      const stored = await this.#inTheWayOf(error, item);
      // The SDK retries a call whose response was lost: then the existing item is from this write.
      return stored?.writeId?.S === writeId ? { written: true } : { written: false, item: stored };
    }
  }

  #insert(item: Item): BatchStatementRequest {
    const members = Object.keys(item).map((name) => `'${name}': ?`);
    return {
      Statement: `INSERT INTO ${quoted(this.#table)} VALUE {${members.join(', ')}}`,
      Parameters: Object.values(item),
    };
  }

  /** Keeps attributes that it doesn't know. */
  #update(item: Item, revision: number): BatchStatementRequest {
    const { [RECORD_KEY]: _, ...attributes } = item;
    const set = Object.keys(attributes).map((name) => `SET ${quoted(name)} = ?`);
    const removed = this.#optional.filter((name) => !(name in attributes));
    const changes = [...set, ...removed.map((name) => `REMOVE ${quoted(name)}`)];
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
        return failure.item ?? (await this.read(keyIn(item)));
      default:
        throw failure;
    }
  }
}

/** The key of an item. */
export function keyIn(item: Item): string {
  return item[RECORD_KEY]?.S ?? '';
}

/** Quotes a name for PartiQL, since it may be a reserved word. */
function quoted(name: string): string {
  return `"${name}"`;
}
