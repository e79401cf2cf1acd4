import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { RECORD_KEY, RECORD_LIST, RECORD_POSITION } from '../../lib/core/record-table.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** A call's input. Which members it has depends on its operation. */
export interface TableCall {
  readonly Key: Item;
  readonly Item: Item;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: Item;
  readonly RequestItems: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
  readonly Limit: number;
}

/** A write was refused because of what is stored. */
export interface Refused {
  readonly refused: Item | undefined;
}

/** The table of request records, in memory, as far as its clients in lib/aws use one. Items end at no time. */
export class InProcessTable {
  /**
   * What is billed: reads of an item of up to 4 KB, half of one where it may be out of date, and writes of up to a KiB,
   * refused ones and the index's among them.
   */
  units = { reads: 0, writes: 0 };
  readonly #items = new Map<string, Item>();

  answer(operation: string, call: TableCall): object | Refused {
    switch (operation) {
      case 'PutItem':
        return this.#write(call.Item, call);
      case 'UpdateItem':
        return this.#write(itemAfter(call), call);
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

  /** Conditions are that there is no item, or which revision it has. */
  #write(item: Item, { ConditionExpression = '', ExpressionAttributeValues }: TableCall): object | Refused {
    const key = keyIn(item);
    const stored = this.#items.get(key);
    this.units.writes++;
    // Of counts, which nobody reads here.
    if (ConditionExpression === '') return {};
    const allowed = ConditionExpression.startsWith('attribute_not_exists')
      ? stored === undefined
      : stored?.revision?.N === ExpressionAttributeValues[':latest']?.N;
    if (!allowed) return { refused: stored };
    if (stored === undefined && RECORD_LIST in item) this.units.writes++;
    this.#items.set(key, item);
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

/** What an update makes of an item of which it sets all there is: `#name` to `:name`. */
function itemAfter({ Key, ExpressionAttributeNames = {}, ExpressionAttributeValues }: TableCall): Item {
  const set = Object.entries(ExpressionAttributeNames).flatMap(([placeholder, name]) => {
    const value = ExpressionAttributeValues[placeholder.replace('#', ':')];
    return value ? [[name, value]] : [];
  });
  return { ...Key, ...Object.fromEntries(set) };
}

function keyIn(item: Item): string {
  return item[RECORD_KEY]?.S ?? '';
}

function positionIn(item: Item): string {
  return item[RECORD_POSITION]?.S ?? '';
}
