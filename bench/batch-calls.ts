/** What AWS bills for the requests of a batch, beside requests without one: the calls are counted that a local AWS gets. */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { addLines, linesIn } from '../lib/api/item-lines.ts';
import { DynamoDbBatchCounter, type RequestChange } from '../lib/aws/dynamodb-batch-counter.ts';
import { DynamoDbBatchStore } from '../lib/aws/dynamodb-batch-store.ts';
import { DynamoDbIdempotencyKeys } from '../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbRecordStore } from '../lib/aws/dynamodb-record-store.ts';
import { PLAIN_URLS } from '../lib/aws/s3-clients.ts';
import { S3ItemFiles } from '../lib/aws/s3-item-files.ts';
import { S3ManifestFiles } from '../lib/aws/s3-manifest-files.ts';
import { sqsClient } from '../lib/aws/sqs-client.ts';
import { SqsSubmissionQueue } from '../lib/aws/sqs-submission-queue.ts';
import { mapConcurrently } from '../lib/core/base/map-concurrently.ts';
import { BatchImporter } from '../lib/core/intake/batch-importer.ts';
import { BatchManifest } from '../lib/core/intake/batch-manifest.ts';
import { Batches } from '../lib/core/intake/batches.ts';
import { manifestLine } from '../lib/core/intake/manifest-line.ts';
import { Submissions, type SubmitRequest } from '../lib/core/intake/submissions.ts';
import { newImport } from '../lib/core/model/batch-import.ts';
import { cancellation, outcomeOf } from '../lib/core/model/outcome.ts';
import type { DueBatch } from '../lib/core/ports/batch-store.ts';
import { RequestRecords } from '../lib/core/records/request-records.ts';
import { batchChangesOf } from '../lib/lambda/batch-changes.ts';
import { localConfig } from '../lib/local/clients.ts';
import { MemoryPayloadStore } from '../lib/stores/memory/payload-store.ts';
import { openTestAws } from '../test/support/local-aws.ts';
import { createRequestTable } from '../test/support/request-table.ts';
import { TableStream } from '../test/support/table-stream.ts';
import { type Billed, BilledCalls, dollarsOf } from './support/billed-calls.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { sumOf } from './support/statistics.ts';

const ITEMS = lengthOf(2_000, 200);

/** A new table has four partitions, and its stream a shard for each. */
const SHARDS = 4;

/** As in the event source of the function of batches. */
const CHANGES_TOGETHER = 1_000;

/** Requests that are handled at the same time. */
const AT_A_TIME = 200;

const SETTINGS = {
  payloadPrefix: 'payloads/',
  inlineLimitBytes: 65_536,
  maxPayloadBytes: 262_144,
  maxJsonDepth: 64,
};

interface Step {
  readonly step: string;
  readonly seconds: number;
  readonly billed: Billed;
}

await runBenchmark(`A batch of ${ITEMS} requests on AWS`, async (note): Promise<Report> => {
  await using aws = await openTestAws('.local/bench-batch-calls');
  const [client, sqs] = [new DynamoDBClient(localConfig(aws.endpoint)), sqsClient(localConfig(aws.endpoint))];
  const table = await createRequestTable(client, true);
  const stream = await TableStream.of(client, aws.endpoint, table);
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: randomUUID() }));
  const counted = new BilledCalls({ table: client, queues: sqs });

  const records = new RequestRecords(new DynamoDbRecordStore(client, table), Date.now, 30);
  const queue = new SqsSubmissionQueue(sqs, QueueUrl);
  const submissions = new Submissions(
    {
      records,
      keys: new DynamoDbIdempotencyKeys(client, table),
      queue,
      store: new MemoryPayloadStore(),
      logger: silentLogger,
      clock: Date,
      newId: () => randomUUID(),
    },
    SETTINGS,
  );
  const ports = { client, table, random: Math.random };
  const store = new DynamoDbBatchStore({ ...ports, queueFor: () => queue });
  const counter = new DynamoDbBatchCounter(ports);
  const batches = new Batches({ store, submissions, clock: Date, newId: () => randomUUID() });

  const steps: Step[] = [];
  const measure = async (step: string, work: () => Promise<unknown>) => {
    note(step);
    counted.take();
    const start = performance.now();
    await work();
    steps.push({ step, seconds: (performance.now() - start) / 1000, billed: counted.take() });
  };
  const count = async () => {
    const changes = batchChangesOf({ Records: await stream.read() }, silentLogger);
    await Promise.all(shardsOf(changes).map((shard) => countShard(counter, shard)));
  };

  const request = (number: number): SubmitRequest => ({
    payload: Buffer.from(JSON.stringify({ order: number })),
    contentType: 'application/json',
    metadata: {},
  });
  const numbers = Array.from({ length: ITEMS }, (_, number) => number);
  await measure('submit the same requests without a batch, 100 in a call', () =>
    inCalls(numbers, 100, (part) => Promise.all(part.map((number) => submissions.submit(request(number))))),
  );
  const { id } = await batches.create({});
  const items = numbers.map((number) => ({ key: `order-${number}`, request: request(number) }));
  await measure('add', () => inCalls(items, 5_000, (part) => batches.add(id, undefined, part)));
  await measure('add again', () => inCalls(items, 5_000, (part) => batches.add(id, undefined, part)));
  await batches.seal(id, undefined);
  await measure('count what was added', count);
  const added = [];
  for await (const { record } of await batches.items(id, undefined)) added.push(record.request);
  for (const part of partsOf(added, 2_000)) {
    await mapConcurrently(part, AT_A_TIME, async (each) => {
      const claim = await records.claim(each, Date.now() + 60_000);
      if (claim.status === 'claimed')
        await claim.lease.complete(outcomeOf(each, cancellation(1), Date.now()));
    });
  }
  await measure('count starts and ends', count);
  const { status, counts } = await batches.get(id, undefined);
  await measure('read the results', async () => {
    for await (const _ of await batches.items(id, undefined));
  });
  const s3 = new S3Client({ ...localConfig(aws.endpoint), ...PLAIN_URLS, forcePathStyle: true });
  const bucket = `bench-${randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const manifest = new BatchManifest(
    {
      store,
      files: new S3ManifestFiles(s3, bucket),
      lineOf: (item) => manifestLine(item, { resultAgeDays: 15, now: Date.now() }),
    },
    'results/',
  );
  let bytes = 0;
  await measure('write the manifest', async () => {
    for (let due = await dueBatch(store, id); !due.manifest; due = await dueBatch(store, id)) {
      bytes = (await manifest.write(due))?.size ?? 0;
    }
  });
  await measure('look at it 100 times', () =>
    inCalls(Array(100).fill(0), 1, () => batches.get(id, undefined)),
  );
  const lines = numbers.map((order) => `${JSON.stringify({ key: `order-${order}`, json: { order } })}\n`);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'items', Body: lines.join('') }));
  const files = new S3ItemFiles(s3, bucket);
  const parts = {
    destinations: [{ topics: ['*'], acceptsMinVersion: false, keepsOrder: false }],
    clock: Date,
  };
  const importer = new BatchImporter({
    store,
    files,
    addLines: async (batch, part) => {
      await addLines(linesIn(part), batch.id, undefined, { batches, parts });
      return [];
    },
    clock: Date,
  });
  const { id: importing } = await batches.create({});
  await measure('import a manifest', async () => {
    const batch = await batches.open(importing, undefined);
    await store.beginImport(batch, newImport('items', await files.find('items')));
    while ((await batches.get(importing, undefined)).import?.state === 'running') {
      await importer.advance(await dueBatch(store, importing));
    }
  });
  const imported = (await batches.get(importing, undefined)).counts.total;
  const perItem = steps.filter(({ step }) => !step.startsWith('look'));
  return {
    rows: steps.map(({ step, seconds, billed }) => {
      const each = perItem.some((other) => other.step === step) ? ITEMS : 100;
      return {
        step,
        s: seconds,
        'SQS calls each':
          sumOf(billed.calls, ([operation, count]) => (operation.startsWith('SQS') ? count : 0)) / each,
        'writes each': billed.writes / each,
        'reads each': billed.reads / each,
        '$ a million': (dollarsOf(billed) / each) * 1_000_000,
      };
    }),
    notes: [
      `The batch is ${status}, with ${counts.cancelled} of ${counts.total} items ended.`,
      `The imported batch has ${imported} items. S3 gets a GET for each 2,000 lines, at $0.40 a million.`,
      `The manifest has ${(bytes / ITEMS).toFixed(0)} bytes an item. S3 gets a PUT for each 5 MiB of it, at $5 a million.`,
      'Each is an item, or a look. Dollars for calls of SQS and DynamoDB in us-east-1, on demand. Not counted: API Gateway, the time of functions, and what a request costs when it is handled, which is the same without a batch.',
    ],
  };
});

async function dueBatch(store: DynamoDbBatchStore, id: string): Promise<DueBatch> {
  const due = await store.take({ id }, Date.now(), Date.now());
  if (!due) throw new Error(`The batch ${id} waits for nothing`);
  return due;
}

async function inCalls<Item>(
  items: readonly Item[],
  size: number,
  call: (part: readonly Item[]) => Promise<unknown>,
): Promise<void> {
  for (const part of partsOf(items, size)) await call(part);
}

function partsOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}

/** Distributes the requests over the shards as DynamoDB does: by a digest of the key, which says nothing of the order. */
function shardsOf(changes: readonly RequestChange[]): RequestChange[][] {
  const shards = Array.from({ length: SHARDS }, (): RequestChange[] => []);
  for (const change of changes) shards[(change.page * 31 + change.index * 7) % SHARDS]?.push(change);
  return shards;
}

async function countShard(counter: DynamoDbBatchCounter, changes: readonly RequestChange[]): Promise<void> {
  for (const part of partsOf(changes, CHANGES_TOGETHER)) await counter.count(part);
}
