import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { RECORD_LIST } from '../../lib/core/config/record-table.ts';
import { DOLLARS_A_MILLION_CALLS, DYNAMODB_BILLED_BYTES } from '../../lib/planner/prices.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** What is billed for calls. */
export interface Billed {
  readonly sqs: number;
  /** Units of 1 KB, two for each in a transaction; one more for an item of the index. */
  readonly writes: number;
  /** Units of 4 KB, half of one if it may be out of date. */
  readonly reads: number;
}

/** Bytes that a read is billed by. */
const READ_BYTES = 4 * DYNAMODB_BILLED_BYTES;

/** Counts what AWS bills for the calls of clients. */
export class BilledCalls {
  #billed = { sqs: 0, writes: 0, reads: 0 };

  constructor(dynamodb: DynamoDBClient, sqs: SQSClient) {
    sqs.middlewareStack.add(
      (next) => async (call) => {
        this.#billed.sqs++;
        return next(call);
      },
      { step: 'initialize' },
    );
    dynamodb.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (call) => {
          const result = await next(call);
          this.#count(commandName.replace('Command', ''), Object(call.input), Object(result.output));
          return result;
        },
      { step: 'initialize' },
    );
  }

  /** What was billed since the last call. */
  take(): Billed {
    const billed = this.#billed;
    this.#billed = { sqs: 0, writes: 0, reads: 0 };
    return billed;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the members depend on the operation
  #count(operation: string, input: any, output: any): void {
    switch (operation) {
      case 'PutItem':
        this.#billed.writes += writesOf(input.Item) + (RECORD_LIST in input.Item ? 1 : 0);
        return;
      case 'UpdateItem':
        this.#billed.writes += writesOf(output.Attributes ?? {});
        return;
      case 'GetItem':
        this.#billed.reads += readsOf(output.Item ?? {}, input.ConsistentRead);
        return;
      case 'BatchGetItem':
        for (const [table, items] of Object.entries<Item[]>(output.Responses ?? {})) {
          const isConsistent = input.RequestItems[table].ConsistentRead === true;
          // Without the attributes that the call leaves out, which are billed too: records here have less than 4 KB.
          for (const item of items) this.#billed.reads += readsOf(item, isConsistent);
          this.#billed.reads +=
            (input.RequestItems[table].Keys.length - items.length) * (isConsistent ? 1 : 0.5);
        }
        return;
      case 'TransactWriteItems':
        for (const { Put } of input.TransactItems) this.#billed.writes += 2 * (Put ? writesOf(Put.Item) : 1);
        return;
      case 'BatchExecuteStatement':
        for (const { Statement, Parameters } of input.Statements) {
          if (Statement.startsWith('SELECT')) this.#billed.reads += 1;
          else {
            const bytes = itemBytes(Object.fromEntries(Parameters.entries()));
            const isListed = Statement.startsWith('INSERT') && Statement.includes(`'${RECORD_LIST}'`);
            this.#billed.writes += Math.ceil(bytes / DYNAMODB_BILLED_BYTES) + (isListed ? 1 : 0);
          }
        }
        return;
      default:
        throw new Error(`unknown price of DynamoDB ${operation}`);
    }
  }
}

/** Dollars for what was billed. */
export function dollarsOf({ sqs, writes, reads }: Billed): number {
  const { SQS, 'DynamoDB write': write, 'DynamoDB read': read } = DOLLARS_A_MILLION_CALLS;
  return (sqs * SQS + writes * write + reads * read) / 1_000_000;
}

function writesOf(item: Item): number {
  return Math.max(1, Math.ceil(itemBytes(item) / DYNAMODB_BILLED_BYTES));
}

function readsOf(item: Item, consistent: boolean | undefined): number {
  return Math.max(1, Math.ceil(itemBytes(item) / READ_BYTES)) * (consistent ? 1 : 0.5);
}

/** What an item counts, in bytes. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, { S = '', N = '', B }]) =>
      sum +
      Buffer.byteLength(name) +
      Buffer.byteLength(S) +
      Math.ceil(N.length / 2) +
      1 +
      (B?.byteLength ?? 0),
    0,
  );
}
