/** What AWS bills for an audit of a deployed service: the calls are counted that a local AWS gets. */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { DeployedAudit } from '../lib/aws/deployed-audit.ts';
import { DynamoDbIdempotencyKeys } from '../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbLedger } from '../lib/aws/dynamodb-ledger.ts';
import { DynamoDbRecordStore } from '../lib/aws/dynamodb-record-store.ts';
import { PLAIN_URLS } from '../lib/aws/s3-clients.ts';
import { sqsClient } from '../lib/aws/sqs-client.ts';
import { SqsSubmissionQueue } from '../lib/aws/sqs-submission-queue.ts';
import { mapConcurrently } from '../lib/core/base/map-concurrently.ts';
import { Submissions } from '../lib/core/intake/submissions.ts';
import { outcomeOf } from '../lib/core/model/outcome.ts';
import { reportAudit } from '../lib/core/operations/report-audit.ts';
import { RequestRecords } from '../lib/core/records/request-records.ts';
import { localConfig } from '../lib/local/clients.ts';
import { DOLLARS_A_MILLION_CALLS } from '../lib/planner/prices.ts';
import { MemoryPayloadStore } from '../lib/stores/memory/payload-store.ts';
import { openTestAws } from '../test/support/local-aws.ts';
import { createRequestTable } from '../test/support/request-table.ts';
import { type Billed, BilledCalls, dollarsOf } from './support/billed-calls.ts';
import type { Operation } from './support/in-process-aws.ts';
import { lengthOf } from './support/length.ts';
import { type Report, type Row, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';

/** Numbers of requests. */
const SIZES = [lengthOf(1_000, 20), lengthOf(10_000, 40)];

/** One request in so many has a stored result. */
const STORED_ONE_IN = 10;

/** An hourly audit. */
const AUDITS_A_MONTH = 720;
/** Between two looks at empty queues. */
const SETTLING_SECONDS = 60;
/** Of a function with 1 GB on Arm. */
const DOLLARS_A_SECOND = 0.0000133334;

const AT_A_TIME = 200;
const DAY = 86_400_000;
const SETTINGS = {
  payloadPrefix: 'payloads/',
  inlineLimitBytes: 65_536,
  maxPayloadBytes: 262_144,
  maxJsonDepth: 64,
};

await runBenchmark('An audit of a service on AWS', async (note): Promise<Report> => {
  await using aws = await openTestAws('.local/bench-audit-calls');
  const config = localConfig(aws.endpoint);
  const rows: Row[] = [];
  for (const size of SIZES) {
    const [table, queues] = [new DynamoDBClient(config), sqsClient(config)];
    const objects = new S3Client({ ...config, ...PLAIN_URLS, forcePathStyle: true });
    const tableName = await createRequestTable(table);
    const bucketName = `bench-${randomUUID()}`;
    await objects.send(new CreateBucketCommand({ Bucket: bucketName }));
    const queueUrl = async () =>
      (await queues.send(new CreateQueueCommand({ QueueName: randomUUID() }))).QueueUrl ?? '';
    const [input, deadLetters] = [await queueUrl(), await queueUrl()];

    note(`${size} requests`);
    const store = new DynamoDbRecordStore(table, tableName);
    const succeeded = await succeededRequest(table, tableName, new SqsSubmissionQueue(queues, input));
    await mapConcurrently(
      Array.from({ length: size - 1 }, (_, number) => number),
      AT_A_TIME,
      async (number) => {
        const { record, ...rest } = succeeded;
        const id = randomUUID();
        const key = `results/${id}/1`;
        const isStored = number % STORED_ONE_IN === 0;
        if (isStored)
          await objects.send(new PutObjectCommand({ Bucket: bucketName, Key: key, Body: 'result' }));
        const result = { check: { bucket: bucketName, key }, size: 6, contentType: 'text/plain' };
        const request = { ...record.request, id };
        const outcome = isStored
          ? outcomeOf(request, { status: 'succeeded', result }, record.updatedAt)
          : record.outcome;
        await store.write({
          ...rest,
          record: { ...record, request, ...(outcome && { outcome }) },
          revision: 1,
        });
      },
    );

    note(`audit of ${size} requests`);
    const counted = new BilledCalls({ table, queues, objects });
    const now = Date.now() + DAY;
    const source = new DeployedAudit(
      { table, queues, objects },
      { tableName, bucketName, inputQueueUrls: [input], deadLetterQueueUrls: [deadLetters] },
      { now, signal: new AbortController().signal, settlingMilliseconds: 0 },
    );
    const rules = { now, graceMilliseconds: 0, resultAgeDays: 15, recordAgeDays: 30 };
    const start = performance.now();
    const { figures, drift, verdicts } = await reportAudit(source, rules, { logger: silentLogger });
    const seconds = (performance.now() - start) / 1000;
    const ledger = new DynamoDbLedger(table, tableName);
    await ledger.keep({ ...figures, drift, at: now, audit: { verdicts, seconds } });
    rows.push({ requests: figures.accepted, drift, ...rowOf(counted.take(), seconds) });
  }
  return {
    rows,
    notes: [
      `All requests have succeeded; one in ${STORED_ONE_IN} has a stored result. The queues are empty and looked at twice; the audit here doesn't wait a minute between the two looks, but the price of the function has it.`,
      'Prices are of us-east-1. A month has 720 audits, one an hour. Without the free tier, and without alarms and metrics.',
    ],
  };
});

/** @param seconds how long the audit took, without the wait between two looks */
function rowOf(billed: Billed, seconds: number): Row {
  const count = (operation: Operation) => billed.calls.get(operation) ?? 0;
  const calls = dollarsOf(billed) + DOLLARS_A_MILLION_CALLS.Lambda / 1_000_000;
  const lambda = (SETTLING_SECONDS + seconds) * DOLLARS_A_SECOND;
  return {
    scans: count('DynamoDB Scan'),
    'read units': billed.reads,
    lists: count('S3 ListObjectsV2'),
    'looks at queues': count('SQS GetQueueAttributes'),
    heads: count('S3 HeadObject'),
    writes: billed.writes,
    seconds,
    '$ a month of calls': calls * AUDITS_A_MONTH,
    '$ a month with the function': (calls + lambda) * AUDITS_A_MONTH,
  };
}

/** The record of a request that went the whole way. */
async function succeededRequest(client: DynamoDBClient, table: string, queue: SqsSubmissionQueue) {
  const store = new DynamoDbRecordStore(client, table);
  const records = new RequestRecords(store, Date.now, 30);
  const submissions = new Submissions(
    {
      records,
      keys: new DynamoDbIdempotencyKeys(client, table),
      queue: { ...queue, send: async () => {}, ordered: false, maxDelaySeconds: queue.maxDelaySeconds },
      store: new MemoryPayloadStore(),
      logger: silentLogger,
      clock: Date,
      newId: () => randomUUID(),
    },
    SETTINGS,
  );
  const payload = Buffer.from(JSON.stringify({ order: 1 }));
  const { request } = await submissions.submit({ payload, contentType: 'application/json', metadata: {} });
  const claim = await records.claim(request, Date.now() + 60_000);
  if (claim.status !== 'claimed') throw new Error(`the claim is ${claim.status}`);
  const result = { contentType: 'application/json', bytes: Buffer.from(JSON.stringify({ done: true })) };
  await claim.lease.complete(outcomeOf(request, { status: 'succeeded', result }, Date.now()));
  const stored = await store.read(request);
  if (!stored) throw new Error('there is no record');
  return stored;
}
