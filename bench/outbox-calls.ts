/**
 * AWS calls and cost of a request by an outbox in DynamoDB, beside a message that is sent directly. Counted where the SDK would
 * send them.
 */

import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { DynamoDbOutboxItems, type ItemKey, outboxItem } from '../lib/aws/dynamodb-outbox-items.ts';
import { SqsOutputQueue } from '../lib/aws/sqs-output-queue.ts';
import { OutboxItemRelay } from '../lib/core/intake/outbox-item-relay.ts';
import type { OutboxItem } from '../lib/core/ports/outbox-items.ts';
import { DynamoDbOutbox, type DynamoDbOutboxRequest, outboxRow } from '../lib/outbox/index.ts';
import {
  DOLLARS_A_MILLION_CALLS,
  DYNAMODB_BILLED_BYTES,
  LAMBDA_DOLLARS_A_GIB_SECOND,
} from '../lib/planner/prices.ts';
import { QUEUE_URL, TABLE } from './support/aws-ports.ts';
import { InProcessAws, type Operation } from './support/in-process-aws.ts';
import { dollarsAMillion } from './support/price-of.ts';
import { type Report, type Row, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';

/** The function of the construct has 256 MiB. Two calls one after another, and what Lambda bills around them. */
const MEMORY_GIB = 0.25;
const SECONDS_A_BATCH = 0.05;

/** A call of a group waits for the one before. */
const SECONDS_A_CALL = 0.01;

const KEYS_AT_ONCE = 10;

const outbox = new DynamoDbOutbox({ tableName: TABLE });

/** Payloads of JSON. */
const SMALL = { order: 17, customer: 'acme' };
const LARGE = { order: 17, items: 'x'.repeat(9_000) };

await runBenchmark('AWS calls of a request by an outbox', async (): Promise<Report> => {
  const rows: Row[] = [
    await direct(),
    await relayed('outbox, a row a batch', 1, SMALL),
    await relayed('outbox, 10 rows a batch', 10, SMALL),
    await relayed('outbox, 100 rows a batch', 100, SMALL),
    await relayed(`outbox with order, 100 rows of ${KEYS_AT_ONCE} keys`, 100, SMALL, true),
    await relayed('outbox, 100 rows of one key', 100, SMALL, true, 1),
    await relayed('outbox, rows of 10 KB, 10 a batch', 10, LARGE),
    piped(1),
    piped(10),
  ];
  return {
    rows,
    notes: [
      `Per request, and dollars per million requests, us-east-1. A row of DynamoDB costs two writes for each KiB in a transaction, and one when it is deleted; the ${sizeOf(SMALL)} bytes of a small one are one KiB. Lambda: ${MEMORY_GIB} GiB for ${SECONDS_A_BATCH * 1_000} ms a batch, and ${SECONDS_A_CALL * 1_000} ms for each further call of a key, which are assumed. Reading a stream by Lambda is free. Not counted: the change itself, whose write costs twice in a transaction.`,
      'EventBridge Pipes is computed: it was not run. A million requests to it cost $0.40, and its rows stay until their time to live ends, which is free. AWS does not say whether a batch is one request: here it is one for each row.',
    ],
  };
});

/** A message that an application sends by itself. */
async function direct(): Promise<Row> {
  const aws = new InProcessAws();
  const { payload } = outboxRow(SMALL);
  await aws.queues.send(new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody: payload }));
  return rowOf('SendMessage, without an outbox', aws.calls, 1, 0, 0);
}

async function relayed(
  name: string,
  batchSize: number,
  payload: unknown,
  ordered = false,
  keys = KEYS_AT_ONCE,
): Promise<Row> {
  const aws = new InProcessAws();
  let writes = 0;
  const batch: OutboxItem<ItemKey>[] = [];
  for (let nth = 0; nth < batchSize; nth++) {
    const request = await outbox.put(payload, ordered ? { orderingKey: `key-${nth % keys}` } : {});
    await aws.records.send(
      new TransactWriteItemsCommand({
        TransactItems: [request.transactItem],
        ClientRequestToken: request.id,
      }),
    );
    const { Item } = request.transactItem.Put;
    writes += 3 * unitsOf(request);
    batch.push(outboxItem(Item, { aggregateid: Item.aggregateid ?? { S: '' }, id: { S: request.id } }));
  }
  const queueUrl = ordered ? `${QUEUE_URL}.fifo` : QUEUE_URL;
  const relay = new OutboxItemRelay({
    table: new DynamoDbOutboxItems(aws.records, TABLE),
    destinations: [{ topics: ['*'], ordered, queue: new SqsOutputQueue(aws.queues, queueUrl) }],
    failures: new SqsOutputQueue(aws.queues, QUEUE_URL),
    logger: silentLogger,
  });
  const done = await relay.relay(batch);
  if (done.includes(false)) throw new Error('a row was not relayed');
  const rounds = ordered ? batchSize / keys : 1;
  const seconds = SECONDS_A_BATCH + (rounds - 1) * SECONDS_A_CALL;
  const lambda =
    DOLLARS_A_MILLION_CALLS.Lambda + seconds * MEMORY_GIB * LAMBDA_DOLLARS_A_GIB_SECOND * 1_000_000;
  return rowOf(name, aws.calls, batchSize, writes, lambda / batchSize);
}

/** What EventBridge Pipes would cost instead of the function. */
function piped(batchSize: number): Row {
  const calls = new Map<Operation, number>([
    ['DynamoDB TransactWriteItems', batchSize],
    ['SQS SendMessageBatch', 1],
  ]);
  const name = `EventBridge Pipes, ${batchSize} rows a batch`;
  return rowOf(name, calls, batchSize, 2 * batchSize, DOLLARS_A_MILLION_CALLS['EventBridge Pipes']);
}

function rowOf(
  name: string,
  calls: ReadonlyMap<Operation, number>,
  requests: number,
  writes: number,
  relayDollars: number,
): Row {
  const count = (...operations: Operation[]) =>
    operations.reduce((sum, operation) => sum + (calls.get(operation) ?? 0), 0) / requests;
  return {
    request: name,
    'calls of SQS': count('SQS SendMessage', 'SQS SendMessageBatch'),
    TransactWriteItems: count('DynamoDB TransactWriteItems'),
    BatchWriteItem: count('DynamoDB BatchWriteItem'),
    'writes billed': writes / requests,
    '$ of the relay': relayDollars,
    '$ a million': dollarsAMillion(calls, { reads: 0, writes }) / requests + relayDollars,
  };
}

/** A KiB of an item each. */
function unitsOf({ documentItem }: DynamoDbOutboxRequest): number {
  return Math.ceil(bytesOf(Object.entries(documentItem.Put.Item).flat()) / DYNAMODB_BILLED_BYTES);
}

function sizeOf(payload: unknown): number {
  const { tracingspancontext: _, ...row } = outboxRow(payload);
  return bytesOf(Object.entries(row).flat());
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
