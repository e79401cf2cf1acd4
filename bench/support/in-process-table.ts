import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { DYNAMODB_MAX_BATCH_STATEMENTS } from '../../lib/core/config/aws-limits.ts';
import {
  FAILURE_POSITION,
  RECORD_KEY,
  RECORD_LIST,
  RECORD_POSITION,
} from '../../lib/core/config/record-table.ts';
import { readStatement, type SentStatement } from '../../test/support/partiql.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** Input of a call; its members depend on the operation. */
export interface TableCall {
  readonly Key: Item;
  readonly Item: Item;
  readonly ConditionExpression?: string;
  readonly Statements: readonly SentStatement[];
  readonly TransactItems: readonly object[];
  readonly ExpressionAttributeValues: Item;
  readonly RequestItems: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
  readonly Limit: number;
}

/** The condition of a write failed. */
export interface Refused {
  readonly refused: Item | undefined;
}

/** The table of request records in memory, with the features that lib/aws uses. Items don't expire. */
export class InProcessTable {
  /**
   * Billed units: reads of up to 4 KB (half a unit if eventually consistent), and writes of up to 1 KB, including rejected
   * ones and those of the index.
   */
  units = { reads: 0, writes: 0 };
  readonly #isListed: boolean;
  readonly #items = new Map<string, Item>();

  /** @param isListed whether the table has the index that lists records */
  constructor({ isListed = true }: { readonly isListed?: boolean } = {}) {
    this.#isListed = isListed;
  }

  answer(operation: string, call: TableCall): object | Refused {
    switch (operation) {
      case 'BatchExecuteStatement':
        return this.#executeBatch(call.Statements);
      case 'PutItem':
        return this.#put(call);
      case 'UpdateItem':
        // Updates of counts, which nothing reads here.
        this.units.writes++;
        return {};
      case 'TransactWriteItems':
        // The end of a request with writes of its handler, which nothing reads here.
        this.units.writes += 2 * call.TransactItems.length;
        return {};
      case 'GetItem':
        this.units.reads++;
        return { Item: this.#items.get(keyIn(call.Key)) };
      case 'BatchGetItem':
        return this.#batch(call);
      case 'Query':
        this.units.reads += 0.5;
        return { Items: this.#newest(call) };
      default:
        throw new Error(`no answer to DynamoDB ${operation}`);
    }
  }

  #executeBatch(statements: readonly SentStatement[]): object {
    const read = statements.map(readStatement);
    if (statements.length > DYNAMODB_MAX_BATCH_STATEMENTS) throw new Error(`${statements.length} statements`);
    if (new Set(read.map(({ key }) => key)).size < read.length)
      throw new Error('two statements about an item');
    if (new Set(read.map(({ kind }) => kind === 'SELECT')).size > 1) throw new Error('reads and writes');
    return { Responses: statements.map((statement) => this.#execute(statement)) };
  }

  #execute(statement: SentStatement): object {
    const { kind, key, set, removed, revision } = readStatement(statement);
    const stored = this.#items.get(key);
    if (kind === 'SELECT') {
      this.units.reads++;
      return stored ? { Item: stored } : {};
    }
    this.units.writes++;
    if (kind === 'INSERT') {
      if (stored)
        return { Error: { Code: 'DuplicateItem', Message: 'Duplicate primary key exists in table' } };
      if (this.#isListed && RECORD_LIST in set) this.units.writes++;
      this.#items.set(key, set);
      return {};
    }
    if (!stored || stored.revision?.N !== revision) {
      return {
        Error: { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: stored },
      };
    }
    const item = Object.entries({ ...stored, ...set }).filter(([name]) => !removed.includes(name));
    const next: Item = Object.fromEntries(item);
    if (next[FAILURE_POSITION]?.S !== stored[FAILURE_POSITION]?.S) this.units.writes++;
    this.#items.set(key, next);
    return {};
  }

  /** Succeeds if there is no item. */
  #put({ Item }: TableCall): object | Refused {
    const key = keyIn(Item);
    const stored = this.#items.get(key);
    this.units.writes++;
    if (stored) return { refused: stored };
    this.#items.set(key, Item);
    return {};
  }

  #batch({ RequestItems }: TableCall): object {
    const tables = Object.entries(RequestItems).map(([table, { Keys }]) => {
      this.units.reads += Keys.length / 2;
      return [table, Keys.map((key) => this.#items.get(keyIn(key))).filter((item) => item !== undefined)];
    });
    return { Responses: Object.fromEntries(tables), UnprocessedKeys: {} };
  }

  #newest({ ExpressionAttributeValues, Limit }: TableCall): Item[] {
    const list = ExpressionAttributeValues[':list']?.S;
    return [...this.#items.values()]
      .filter((item) => item[RECORD_LIST]?.S === list)
      .toSorted((one, other) => (positionIn(one) < positionIn(other) ? 1 : -1))
      .slice(0, Limit);
  }
}

function keyIn(item: Item): string {
  return item[RECORD_KEY]?.S ?? '';
}

function positionIn(item: Item): string {
  return item[RECORD_POSITION]?.S ?? '';
}
