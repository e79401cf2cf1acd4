import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { RECORD_LIST } from '../../lib/core/config/record-table.ts';
import { DYNAMODB_BILLED_BYTES } from '../../lib/planner/prices.ts';
import type { Operation } from './in-process-aws.ts';
import { dollarsAMillion } from './price-of.ts';

type Item = Readonly<Record<string, AttributeValue>>;

/** What is billed for calls. */
export interface Billed {
  readonly calls: ReadonlyMap<Operation, number>;
  /** Units of 1 KB, two for each in a transaction; one more for an item of the index. */
  readonly writes: number;
  /** Units of 4 KB, half of one if it may be out of date. */
  readonly reads: number;
}

/** The clients whose calls are counted. */
export interface BilledClients {
  readonly table: DynamoDBClient;
  readonly queues: SQSClient;
  readonly objects?: S3Client;
}

/** Bytes that a read is billed by. */
const READ_BYTES = 4 * DYNAMODB_BILLED_BYTES;

/** Counts what AWS bills for the calls of clients. */
export class BilledCalls {
  #calls = new Map<Operation, number>();
  #writes = 0;
  #reads = 0;

  constructor({ table, queues, objects }: BilledClients) {
    queues.middlewareStack.add(
      (next, { commandName = '' }) =>
        (call) => {
          this.#count(`SQS ${operationOf(commandName)}`);
          return next(call);
        },
      { step: 'initialize' },
    );
    objects?.middlewareStack.add(
      (next, { commandName = '' }) =>
        (call) => {
          this.#count(`S3 ${operationOf(commandName)}`);
          return next(call);
        },
      { step: 'initialize' },
    );
    table.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (call) => {
          const result = await next(call);
          const operation = operationOf(commandName);
          this.#count(`DynamoDB ${operation}`);
          this.#countUnits(operation, Object(call.input), Object(result.output));
          return result;
        },
      { step: 'initialize' },
    );
  }

  /** What was billed since the last call. */
  take(): Billed {
    const billed = { calls: this.#calls, writes: this.#writes, reads: this.#reads };
    this.#calls = new Map();
    this.#writes = 0;
    this.#reads = 0;
    return billed;
  }

  #count(operation: Operation): void {
    this.#calls.set(operation, (this.#calls.get(operation) ?? 0) + 1);
  }

  // biome-ignore lint/suspicious/noExplicitAny: the members depend on the operation
  #countUnits(operation: string, input: any, output: any): void {
    switch (operation) {
      case 'PutItem':
        this.#writes += writesOf(input.Item) + (RECORD_LIST in input.Item ? 1 : 0);
        return;
      case 'UpdateItem':
        this.#writes += writesOf(output.Attributes ?? {});
        return;
      case 'GetItem':
        this.#reads += readsOf(output.Item ?? {}, input.ConsistentRead);
        return;
      case 'Scan':
        this.#reads += readsOfPage(output.Items ?? []);
        return;
      case 'BatchGetItem':
        for (const [table, items] of Object.entries<Item[]>(output.Responses ?? {})) {
          const isConsistent = input.RequestItems[table].ConsistentRead === true;
          // Without the attributes that the call leaves out, which are billed too: records here have less than 4 KB.
          for (const item of items) this.#reads += readsOf(item, isConsistent);
          this.#reads += (input.RequestItems[table].Keys.length - items.length) * (isConsistent ? 1 : 0.5);
        }
        return;
      case 'TransactWriteItems':
        for (const { Put } of input.TransactItems) this.#writes += 2 * (Put ? writesOf(Put.Item) : 1);
        return;
      case 'BatchExecuteStatement':
        for (const { Statement, Parameters } of input.Statements) {
          if (Statement.startsWith('SELECT')) this.#reads += 1;
          else {
            const bytes = itemBytes(Object.fromEntries(Parameters.entries()));
            const isListed = Statement.startsWith('INSERT') && Statement.includes(`'${RECORD_LIST}'`);
            this.#writes += Math.ceil(bytes / DYNAMODB_BILLED_BYTES) + (isListed ? 1 : 0);
          }
        }
        return;
      default:
        throw new Error(`unknown price of DynamoDB ${operation}`);
    }
  }
}

/** Dollars for what was billed. */
export function dollarsOf({ calls, ...units }: Billed): number {
  return dollarsAMillion(calls, units) / 1_000_000;
}

function operationOf(commandName: string): string {
  return commandName.replace('Command', '');
}

function writesOf(item: Item): number {
  return Math.max(1, Math.ceil(itemBytes(item) / DYNAMODB_BILLED_BYTES));
}

function readsOf(item: Item, consistent: boolean | undefined): number {
  return Math.max(1, Math.ceil(itemBytes(item) / READ_BYTES)) * (consistent ? 1 : 0.5);
}

/** A page is billed by the bytes of all its items. It may be out of date. */
function readsOfPage(items: readonly Item[]): number {
  const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
  return Math.max(1, Math.ceil(bytes / READ_BYTES)) / 2;
}

/** What an item counts, in bytes. */
function itemBytes(item: Item): number {
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
