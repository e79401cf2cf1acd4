import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { beforeAll, expect, inject, test } from 'vitest';
import { batchItemKey } from '../../lib/aws/batch-place.ts';
import { DynamoDbBatchStore } from '../../lib/aws/dynamodb-batch-store.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { PLAIN_URLS } from '../../lib/aws/s3-clients.ts';
import { S3ManifestFiles } from '../../lib/aws/s3-manifest-files.ts';
import { RECORD_KEY, RECORD_TTL } from '../../lib/core/config/record-table.ts';
import { BatchManifest } from '../../lib/core/intake/batch-manifest.ts';
import { BatchRunner } from '../../lib/core/intake/batch-runner.ts';
import { BatchUpkeep } from '../../lib/core/intake/batch-upkeep.ts';
import { type Batch, itemRequestId } from '../../lib/core/model/batch.ts';
import type { StoredBatch } from '../../lib/core/ports/batch-store.ts';
import { UploadIncomplete } from '../../lib/core/ports/client-transfers.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { type Around, intercept } from '../../lib/testing/intercept.ts';
import { createRequestTable } from '../support/request-table.ts';
import { START, TestClock } from '../support/test-clock.ts';

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));
const s3 = new S3Client({ ...localConfig(inject('endpoint')), ...PLAIN_URLS, forcePathStyle: true });
const Bucket = `conformance-${crypto.randomUUID()}`;

/** Items of the batch, in three parts of 200 lines at least. */
const ITEMS = 450;

/** Lines of this size make 200 of them a part. */
const LINE_BYTES = 27_000;

/** With these, a part has 400 lines, as if the records of items had changed. */
const OTHER_LINE_BYTES = 14_000;

const KEYS = Array.from({ length: ITEMS }, (_, number) => `k-${number}`);

const BATCH: Batch = { id: 'b-1', metadata: {}, createdAt: START };

let table: string;
let store: DynamoDbBatchStore;

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  table = await createRequestTable(dynamodb);
  store = new DynamoDbBatchStore({
    client: dynamodb,
    table,
    random: Math.random,
    queueFor: () => ({ send: async () => {} }),
  });
  await addItems(BATCH, KEYS);
});

async function addItems(batch: Batch, keys: readonly string[]): Promise<void> {
  const records = new RequestRecords(new DynamoDbRecordStore(dynamodb, table), () => START, 10);
  await store.create(batch);
  for (let start = 0; start < keys.length; start += 200) {
    const items = keys.slice(start, start + 200).map((key) => {
      const request = { id: itemRequestId(batch, key), source: '' };
      const record = records.submitted(request, START);
      return { key, fingerprint: 'f', message: '', record, place: { requestId: request.id } };
    });
    await store.add(batch, items, START);
  }
}

/** Lets a batch end again, without a manifest. */
async function endBatch(batch: Batch): Promise<void> {
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { [RECORD_KEY]: { S: batchItemKey(batch) } },
      UpdateExpression:
        'SET sealedAt = :at, endedAt = :at, leasedUntil = :zero REMOVE #ttl, manifest, manifestProgress',
      ExpressionAttributeNames: { '#ttl': RECORD_TTL },
      ExpressionAttributeValues: { ':at': { N: String(START) }, ':zero': { N: '0' } },
    }),
  );
}

const READS: ReadonlySet<string> = new Set(['items', 'find', 'balance']);

/** Functions that finish a batch. Their writes run through `around`. */
function functionsFor(batch: Batch, resultPrefix: string) {
  const clock = new TestClock();
  const reported: StoredBatch[] = [];
  const logger = new CollectingLogger();
  const run = async (lineBytes: number, around: Around) => {
    const writes: Around = (call, effect) => (READS.has(call) ? effect() : around(call, effect));
    const mortalStore = intercept(store, writes);
    const manifest = new BatchManifest(
      {
        store: mortalStore,
        files: intercept(new S3ManifestFiles(s3, Bucket), writes),
        lineOf: ({ key }) => JSON.stringify({ key, filler: '-'.repeat(lineBytes) }),
      },
      resultPrefix,
    );
    const report = (ended: StoredBatch) =>
      around('report', async () => {
        reported.push(ended);
      });
    const runner = new BatchRunner(
      {
        store: mortalStore,
        records: { change: () => Promise.reject(new Error('not cancelled')) },
        submissions: { promote: async () => {} },
        manifest,
        report,
        clock,
        logger,
      },
      30,
    );
    const timers = { stop: async () => {} };
    await new BatchUpkeep({ store: mortalStore, runner, timers, clock }).run(batch, () => true);
  };
  return { clock, reported, run };
}

const alive: Around = (_, effect) => effect();

/** The keys of the lines of the only manifest below a prefix, which is that of the batch. */
async function keysIn(prefix: string, batch: Batch = BATCH): Promise<unknown[]> {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: prefix }));
  expect(Versions).toHaveLength(1);
  const { manifest } = (await store.find(undefined, batch.id)) ?? {};
  const { key: Key, versionId: VersionId } = manifest?.check ?? {};
  expect({ Key, VersionId, Size: manifest?.size }).toEqual({
    Key: Versions[0]?.Key,
    VersionId: Versions[0]?.VersionId,
    Size: Versions[0]?.Size,
  });
  const { Body, ContentType } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  expect(ContentType).toBe('application/x-ndjson');
  const text = (await Body?.transformToString()) ?? '';
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).key);
}

test('a batch has a manifest before its end is reported, wherever the function dies', async () => {
  const calls: string[] = [];
  await endBatch(BATCH);
  const first = functionsFor(BATCH, 'alive/');
  await first.run(LINE_BYTES, (call, effect) => {
    calls.push(call);
    return effect();
  });
  expect(calls).toEqual([
    ...['take', 'begin', 'writePart', 'noteManifestProgress'],
    ...['take', 'writePart', 'noteManifestProgress'],
    ...['take', 'writePart', 'complete', 'noteManifest', 'report', 'noteReported', 'take'],
  ]);
  expect(await keysIn('alive/')).toEqual(KEYS);

  for (const [last, call] of calls.entries()) {
    if (call === 'take') continue;
    await endBatch(BATCH);
    const { clock, reported, run } = functionsFor(BATCH, `${last}/`);
    let made = 0;
    const dying = run(LINE_BYTES, async (_, effect) => {
      const value = await effect();
      if (made++ === last) throw new Error('died');
      return value;
    });
    await expect(dying).rejects.toThrow('died');
    clock.advanceSeconds(31);
    await run(OTHER_LINE_BYTES, alive);
    expect(await keysIn(`${last}/`), `after ${call}`).toEqual(KEYS);
    const stored = await store.find(undefined, BATCH.id);
    expect(stored?.keptUntil).toBeDefined();
    expect(reported.map(({ manifest }) => manifest)).toEqual(reported.map(() => stored?.manifest));
    expect(reported.length).toBeGreaterThan(0);
  }
});

test.each(['writePart', 'noteManifestProgress', 'noteManifest'])(
  'a function whose lease ends before %s spoils no manifest',
  async (held) => {
    await endBatch(BATCH);
    const { clock, reported, run } = functionsFor(BATCH, `held-${held}/`);
    const [atCall, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let made = 0;
    const slow = run(LINE_BYTES, async (call, effect) => {
      // The second part, if it is about one.
      if (call === held && ++made === (held === 'noteManifest' ? 1 : 2)) {
        atCall.resolve();
        await goesOn.promise;
      }
      return effect();
    });
    await atCall.promise;
    clock.advanceSeconds(31);
    let parts = 0;
    await run(OTHER_LINE_BYTES, async (call, effect) => {
      const value = await effect();
      // The slow one goes on in the middle of what the other one does.
      if (call === 'noteManifestProgress' && parts++ === 0) goesOn.resolve();
      return value;
    });
    goesOn.resolve();
    await slow;
    clock.advanceSeconds(31);
    await run(OTHER_LINE_BYTES, alive);
    expect(await keysIn(`held-${held}/`)).toEqual(KEYS);
    expect(reported.length).toBeGreaterThan(0);
  },
);

test.each([0, 3])('the manifest of a batch with %i items is written in one call', async (count) => {
  const batch: Batch = { ...BATCH, id: `small-${count}` };
  await addItems(batch, KEYS.slice(0, count));
  await endBatch(batch);
  const calls: string[] = [];
  const { run } = functionsFor(batch, `small-${count}/`);
  await run(10, async (call, effect) => {
    calls.push(call);
    return effect();
  });
  expect(calls).toEqual(['take', 'put', 'noteManifest', 'report', 'noteReported', 'take']);
  expect(await keysIn(`small-${count}/`, batch)).toEqual(KEYS.slice(0, count));
});

/** S3 refuses a part that another function has replaced. MiniStack 1.5.33 doesn't compare the tags. */
test('an upload of which a part is another one is begun again', async () => {
  await endBatch(BATCH);
  const { run } = functionsFor(BATCH, 'replaced/');
  const calls: string[] = [];
  await run(LINE_BYTES, (call, effect) => {
    calls.push(call);
    if (call === 'complete' && calls.filter((each) => each === call).length === 1)
      throw new UploadIncomplete('a part has another tag');
    return effect();
  });
  expect(calls.filter((call) => call === 'begin')).toHaveLength(2);
  expect(await keysIn('replaced/')).toEqual(KEYS);
});

test('an upload whose parts are gone is begun again', async () => {
  await endBatch(BATCH);
  const { clock, run } = functionsFor(BATCH, 'aborted/');
  const dying = run(LINE_BYTES, async (call, effect) => {
    const value = await effect();
    if (call === 'noteManifestProgress') throw new Error('died');
    return value;
  });
  await expect(dying).rejects.toThrow('died');
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'aborted/' }));
  for (const { Key, UploadId } of Uploads)
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  expect(Uploads).toHaveLength(1);
  clock.advanceSeconds(31);
  await run(LINE_BYTES, alive);
  expect(await keysIn('aborted/')).toEqual(KEYS);
});
