/** AWS calls and cost of a batch of ten, counted where the SDK would send them. */

import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDbLimitStore } from '../lib/aws/dynamodb-limit-store.ts';
import { PermanentError } from '../lib/core/base/errors.ts';
import type { Limit } from '../lib/core/config/limits.ts';
import { NUMBER_SETTINGS } from '../lib/core/config/settings.ts';
import { Engine } from '../lib/core/engine/engine.ts';
import type { Handler } from '../lib/core/processor/handler.ts';
import { engineSettings } from '../test/support/settings.ts';
import { awsPorts, BUCKET, lambdaOn, TABLE } from './support/aws-ports.ts';
import { InProcessAws, type Operation } from './support/in-process-aws.ts';
import { InProcessTable } from './support/in-process-table.ts';
import { dollarsAMillion } from './support/price-of.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { sqsEvent } from './support/sqs-event.ts';

const BATCH_SIZE = 10;

/** A batch of ten: the content of its messages, and their outcomes. */
interface Scenario {
  readonly name: string;
  readonly body: (index: number) => string;
  readonly handler: Handler;
  /** @default none */
  readonly limits?: readonly Limit[];
  /** Number of times its messages are received. @default 1 */
  readonly receives?: number;
  /** Time of an invocation. @default 900000 */
  readonly milliseconds?: number;
}

const inline = (index: number) => JSON.stringify({ index });
const inS3 = (index: number) =>
  JSON.stringify({
    specversion: '1.0',
    id: `${index}`,
    source: '/bench',
    type: 'bench',
    dataref: `s3://${BUCKET}/${index}`,
  });
/** An event of one of some tenants. */
const ofTenants = (tenants: number) => (index: number) =>
  JSON.stringify({
    specversion: '1.0',
    id: `${index}`,
    source: '/bench',
    type: 'bench',
    tenant: `tenant-${index % tenants}`,
    data: { index },
  });
const BY_TENANT: readonly Limit[] = [{ key: 'tenant', concurrency: 100, rate: '1000/s' }];
const small = () => ({ done: true });
const savedOnce: Handler = async (request) => {
  await request.checkpoint({ row: 1 });
  return small();
};
const writing: Handler = (request) => {
  const Update = {
    TableName: 'orders',
    Key: { id: { S: request.id } },
    UpdateExpression: 'SET done = :done',
  };
  const ExpressionAttributeValues = { ':done': { BOOL: true } };
  return request.complete(small(), { dynamodb: [{ Update: { ...Update, ExpressionAttributeValues } }] });
};
const large = () => Buffer.alloc(NUMBER_SETTINGS.inlineLimitBytes.default + 1);

const SCENARIOS: readonly Scenario[] = [
  { name: 'inline → inline', body: inline, handler: small },
  {
    name: 'S3 → inline',
    body: inS3,
    handler: async (request) => ({ read: (await request.bytes()).byteLength }),
  },
  { name: 'S3 → S3', body: inS3, handler: async (request) => (await request.bytes()) && large() },
  { name: 'inline → inline, with a checkpoint each', body: inline, handler: savedOnce },
  {
    name: 'the same, each suspended at it and continued',
    body: inline,
    // Longer than a third of what the invocation leaves for handlers.
    handler: async (request) => {
      await sleep(70);
      return request.state ? small() : savedOnce(request);
    },
    receives: 2,
    milliseconds: 620,
  },
  { name: 'inline → inline, with a write by complete() each', body: inline, handler: writing },
  { name: 'a limit, all of one tenant', body: ofTenants(1), handler: small, limits: BY_TENANT },
  { name: 'a limit, each of another tenant', body: ofTenants(BATCH_SIZE), handler: small, limits: BY_TENANT },
  { name: 'one fails for good', body: inline, handler: firstOne(() => new PermanentError('None left')) },
  { name: 'one is retried', body: inline, handler: firstOne(() => new Error('try again')) },
  { name: 'all are retried', body: inline, handler: () => Promise.reject(new Error('try again')) },
  {
    name: 'all use up their five attempts',
    body: inline,
    handler: () => Promise.reject(new Error('try again')),
    receives: NUMBER_SETTINGS.maxAttempts.default,
  },
];

await runBenchmark('AWS calls of a batch of ten', async (): Promise<Report> => {
  const counted = await Promise.all(
    SCENARIOS.map(async (scenario) => ({ name: scenario.name, ...(await countOf(scenario)) })),
  );
  const operations = [...new Set(counted.flatMap(({ calls }) => [...calls.keys()]))];
  const rows = counted.map(({ name, calls, units }) => ({
    batch: name,
    ...Object.fromEntries(operations.map((operation) => [operation, calls.get(operation) ?? 0])),
    'records written': units.writes,
    'records read': units.reads,
    '$ a million requests': dollarsAMillion(calls, units) / BATCH_SIZE,
  }));
  const sourceCalls = new Map<Operation, number>([
    ['SQS ReceiveMessage', 1],
    ['SQS DeleteMessageBatch', 1],
  ]);
  const eventSource = dollarsAMillion(sourceCalls, { reads: 0, writes: 0 }) / BATCH_SIZE;
  return {
    rows,
    notes: [
      `Dollars for the calls of the processor per million requests, us-east-1. Lambda's event source adds a receive and a delete per batch, $${eventSource.toFixed(2)} a million. Not counted: the calls of clients (upload or send, receive, delete), Lambda's time, storage.`,
    ],
  };
});

/** The calls of a scenario, and the units that DynamoDB bills. */
interface Count {
  readonly calls: ReadonlyMap<Operation, number>;
  readonly units: InProcessTable['units'];
}

async function countOf({ body, handler, limits = [], receives = 1, milliseconds }: Scenario): Promise<Count> {
  const object = Buffer.from(JSON.stringify({ some: 'payload' }));
  const table = new InProcessTable({ isListed: false });
  const aws = new InProcessAws({ object, table });
  const engine = new Engine({ handler }, engineSettings({ claimCheckSources: [BUCKET], limits }), {
    ...awsPorts(aws),
    limits: new DynamoDbLimitStore(aws.records, TABLE),
    logger: silentLogger,
    clock: Date,
    random: Math.random,
  });
  const handle = lambdaOn(engine, aws);
  const event = sqsEvent(Array.from({ length: BATCH_SIZE }, (_, index) => body(index)));
  for (let attempt = 1; attempt <= receives; attempt++) {
    const Records = event.Records.map((record) => ({
      ...record,
      attributes: { ...record.attributes, ApproximateReceiveCount: String(attempt) },
    }));
    await handle({ Records }, milliseconds);
  }
  return { calls: aws.calls, units: table.units };
}

/** A handler that ends the first request in a given way, and succeeds with all others. */
function firstOne(error: () => Error): Handler {
  return async (request) => {
    if ((await request.text()) === inline(0)) throw error();
    return small();
  };
}
