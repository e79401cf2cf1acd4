import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { DOLLARS_A_MILLION_CALLS, DYNAMODB_BILLED_BYTES } from '../../lib/planner/prices.ts';
import { itemBytes } from '../batch-calls/billed-calls.ts';
import type { Row } from '../support/report.ts';

/** Bytes of a page that half a read unit is for. */
const HALF_UNIT_BYTES = 4 * DYNAMODB_BILLED_BYTES;
/** An hourly audit. */
const AUDITS_A_MONTH = 720;
/** Between two looks at empty queues. */
const SETTLING_SECONDS = 60;
/** Of a function with 1 GB on Arm. */
const DOLLARS_A_SECOND = 0.0000133334;

/** Counts what AWS bills for the calls of an audit. */
export class AuditBill {
  readonly #calls = new Map<string, number>();
  #reads = 0;

  constructor(table: DynamoDBClient, queues: SQSClient, objects: S3Client) {
    table.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (call) => {
          const result = await next(call);
          this.#count(commandName);
          const { output } = result;
          if (commandName === 'ScanCommand' && 'Items' in output) this.#reads += readsOf(output.Items ?? []);
          return result;
        },
      { step: 'initialize' },
    );
    queues.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (call) => {
          this.#count(commandName);
          return next(call);
        },
      { step: 'initialize' },
    );
    objects.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (call) => {
          this.#count(commandName);
          return next(call);
        },
      { step: 'initialize' },
    );
  }

  /** @param seconds how long the audit took, without the wait between two looks */
  row(seconds: number): Row {
    const count = (name: string) => this.#calls.get(`${name}Command`) ?? 0;
    const { SQS, 'S3 read': head, 'S3 write': list } = DOLLARS_A_MILLION_CALLS;
    const { 'DynamoDB read': read, 'DynamoDB write': write, Lambda: invocation } = DOLLARS_A_MILLION_CALLS;
    const calls =
      (count('GetQueueAttributes') * SQS +
        count('ListObjectsV2') * list +
        count('HeadObject') * head +
        count('PutItem') * write +
        this.#reads * read +
        invocation) /
      1_000_000;
    const lambda = (SETTLING_SECONDS + seconds) * DOLLARS_A_SECOND;
    return {
      scans: count('Scan'),
      'read units': this.#reads,
      lists: count('ListObjectsV2'),
      'looks at queues': count('GetQueueAttributes'),
      heads: count('HeadObject'),
      writes: count('PutItem'),
      seconds,
      '$ a month of calls': calls * AUDITS_A_MONTH,
      '$ a month with the function': (calls + lambda) * AUDITS_A_MONTH,
    };
  }

  #count(name: string): void {
    this.#calls.set(name, (this.#calls.get(name) ?? 0) + 1);
  }
}

function readsOf(items: readonly Readonly<Record<string, AttributeValue>>[]): number {
  const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
  return Math.max(1, Math.ceil(bytes / HALF_UNIT_BYTES)) / 2;
}
