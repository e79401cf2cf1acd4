import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { addLines, linesIn } from '../../lib/api/item-lines.ts';
import { DynamoDbBatchStore } from '../../lib/aws/dynamodb-batch-store.ts';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { S3ClientTransfers } from '../../lib/aws/s3-client-transfers.ts';
import { PLAIN_URLS } from '../../lib/aws/s3-clients.ts';
import { S3ItemFiles } from '../../lib/aws/s3-item-files.ts';
import { BatchImporter } from '../../lib/core/intake/batch-importer.ts';
import { BatchImports } from '../../lib/core/intake/batch-imports.ts';
import { BatchRunner } from '../../lib/core/intake/batch-runner.ts';
import { BatchUpkeep } from '../../lib/core/intake/batch-upkeep.ts';
import { Batches } from '../../lib/core/intake/batches.ts';
import { Submissions } from '../../lib/core/intake/submissions.ts';
import { BATCH_LINE_MAX_BYTES } from '../../lib/core/model/batch-lines.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { type Around, intercept } from '../../lib/testing/intercept.ts';
import { createRequestTable } from '../support/request-table.ts';
import { START, TestClock } from '../support/test-clock.ts';

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));
const s3 = new S3Client({ ...localConfig(inject('endpoint')), ...PLAIN_URLS, forcePathStyle: true });
const Bucket = `conformance-${crypto.randomUUID()}`;

/** Lines of this size make 14 of them a part. */
const FILLER = 'x'.repeat(70_000);

let table: string;

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  table = await createRequestTable(dynamodb);
});

const alive: Around = (_, effect) => effect();

/** The API and the function of batches of a deployed service. The writes of the function run through `around`. */
function openService() {
  const clock = new TestClock();
  const logger = new CollectingLogger();
  const newId = () => crypto.randomUUID();
  const sent: string[] = [];
  const queue = {
    ordered: false,
    maxDelaySeconds: 900,
    maxBytes: 262_144,
    send: async (message: string) => void sent.push(message),
  };
  const ports = { client: dynamodb, table, random: Math.random };
  const store = new DynamoDbBatchStore({ ...ports, queueFor: () => queue });
  const records = new RequestRecords(new DynamoDbRecordStore(dynamodb, table), clock.now, 10);
  const submissions = new Submissions(
    {
      records,
      keys: new DynamoDbIdempotencyKeys(dynamodb, table),
      queue,
      store: new MemoryPayloadStore(),
      logger,
      clock,
      newId,
    },
    { payloadPrefix: 'payloads/', inlineLimitBytes: 65_536, maxPayloadBytes: 262_144, maxJsonDepth: 64 },
  );
  const batches = new Batches({ store, submissions, clock, newId });
  const files = new S3ItemFiles(s3, Bucket);
  const transfers = new S3ClientTransfers(s3, Bucket);
  const settings = { payloadBucket: Bucket, payloadPrefix: 'payloads/' };
  const imports = new BatchImports({ batches, store, files, transfers, clock, newId }, settings);
  const parts = { destinations: [{ topics: ['*'], acceptsMinVersion: false, keepsOrder: false }], clock };
  const run = async (id: string, around: Around = alive, mayGoOn = () => true) => {
    const mortal = intercept(store, (call, effect) => (READS.has(call) ? effect() : around(call, effect)));
    const importer = new BatchImporter({
      store: mortal,
      files: intercept(files, around),
      addLines: (batch, bytes) =>
        around('addLines', async () => {
          const { refused } = await addLines(linesIn(bytes), batch.id, batch.tenant, { batches, parts });
          return refused.map(({ problem: { code, detail }, ...line }) => ({ ...line, code, detail }));
        }),
      clock,
    });
    const runner = new BatchRunner(
      {
        store: mortal,
        records,
        submissions: { promote: async () => {} },
        importer,
        report: async () => {},
        clock,
        logger,
      },
      30,
    );
    await new BatchUpkeep({ store: mortal, runner, timers: { stop: async () => {} }, clock }).run(
      { id },
      mayGoOn,
    );
  };
  const keysIn = async (id: string) => {
    const keys: string[] = [];
    for await (const { key } of await batches.items(id, undefined)) keys.push(key);
    return keys;
  };
  return { clock, sent, batches, store, imports, run, keysIn };
}

const READS: ReadonlySet<string> = new Set(['find', 'balance', 'items']);

type Service = ReturnType<typeof openService>;

let service: Service;

beforeEach(() => {
  service = openService();
});

/** Stores an object. @returns how clients name it */
async function put(name: string, Body: string | Buffer): Promise<string> {
  const Key = `payloads/batches/${name}`;
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  return `s3://${Bucket}/${Key}`;
}

function line(key: string, filler = ''): string {
  return JSON.stringify({ key, json: { filler } });
}

/** A batch whose import of an object has begun. */
async function begin(name: string, Body: string | Buffer): Promise<string> {
  const { id } = await service.batches.create({});
  const view = await service.imports.begin(id, undefined, await put(name, Body));
  expect(view.import).toMatchObject({ state: 'running', bytes: Buffer.byteLength(Body), bytesDone: 0 });
  return id;
}

const KEYS = Array.from({ length: 30 }, (_, number) => `k-${number}`);

/** In three parts. The last line has no line feed, one is empty, and one is refused. */
const TEXT = [...KEYS.map((key) => line(key, FILLER)), '', '{"key": 1}', line('last')].join('\n');

const DONE = {
  state: 'done',
  bytes: TEXT.length,
  bytesDone: TEXT.length,
  lines: 33,
  refused: 1,
  problems: [{ line: 32, code: 'request_malformed', detail: expect.stringContaining('key') }],
};

test('an import adds each item once and seals the batch after it, wherever the function dies', async () => {
  const calls: string[] = [];
  const first = await begin('lines.ndjson', TEXT);
  const open = { status: 'open', sealRequestedAt: new Date(START) };
  expect(await service.batches.seal(first, undefined)).toMatchObject(open);
  await service.run(first, (call, effect) => {
    calls.push(call);
    return effect();
  });
  const part = ['take', 'read', 'addLines', 'noteImport'];
  expect(calls).toEqual([...part, ...part, ...part, 'take', 'seal', 'take']);
  const sealed = await service.batches.get(first, undefined);
  expect(sealed).toMatchObject({ status: 'running', sealedAt: new Date(START), import: DONE });
  expect(sealed).not.toHaveProperty('sealRequestedAt');
  expect(await service.keysIn(first)).toEqual([...KEYS, 'last']);
  expect(service.sent).toHaveLength(31);

  // One part for each death, so that this test is short.
  for (const [last, call] of calls.slice(4, 10).entries()) {
    service = openService();
    const id = await begin(`lines-${last}.ndjson`, TEXT);
    await service.batches.seal(id, undefined);
    let made = 0;
    const dying = service.run(id, async (_, effect) => {
      const value = await effect();
      if (made++ === last + 4) throw new Error('died');
      return value;
    });
    await expect(dying).rejects.toThrow('died');
    // The lease of the dead one.
    service.clock.advanceSeconds(31);
    await service.run(id);
    const { import: imported, status } = await service.batches.get(id, undefined);
    expect({ status, imported }, `after ${call}`).toMatchObject({ status: 'running', imported: DONE });
    expect(await service.keysIn(id), `after ${call}`).toEqual([...KEYS, 'last']);
  }
});

test('a function whose lease has ended notes nothing', async () => {
  const id = await begin('slow.ndjson', TEXT);
  const [atNote, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = service.run(
    id,
    async (call, effect) => {
      if (call === 'noteImport') {
        atNote.resolve();
        await goesOn.promise;
      }
      return effect();
    },
    () => false,
  );
  await atNote.promise;
  service.clock.advanceSeconds(31);
  await service.run(id);
  goesOn.resolve();
  await slow;
  expect((await service.batches.get(id, undefined)).import).toMatchObject(DONE);
  expect(await service.keysIn(id)).toEqual([...KEYS, 'last']);
});

test('an import stops when its batch is cancelled', async () => {
  const id = await begin('cancelled.ndjson', TEXT);
  await service.run(id, alive, () => false);
  await service.batches.cancel(id, undefined);
  const calls: string[] = [];
  await service.run(id, (call, effect) => {
    calls.push(call);
    return effect();
  });
  expect(calls).not.toContain('read');
  const { status, import: imported, counts } = await service.batches.get(id, undefined);
  expect(imported).toMatchObject({ state: 'cancelled', lines: counts.total });
  expect(status).toBe('cancelling');
  // A part that ends after the cancellation changes nothing.
  expect(counts.total).toBeLessThan(KEYS.length);
});

test('an empty object has no items', async () => {
  const id = await begin('empty.ndjson', '');
  await service.run(id);
  expect((await service.batches.get(id, undefined)).import).toMatchObject({ state: 'done', lines: 0 });
});

test('only the problems of the first 100 refused lines are kept', async () => {
  const lines = [
    '{',
    ...Array.from({ length: 120 }, (_, number) => JSON.stringify({ key: `k-${number}`, jso: 1 })),
    line('same'),
    line('same', 'other'),
    line('same'),
    `{"key": "deep", "json": ${'['.repeat(100_000)}`,
    Buffer.from([0x22, 0xff, 0x22]).toString('latin1'),
    '\ufeff',
    '\0',
    `${line('windows')}\r`,
  ];
  const id = await begin('hostile.ndjson', `${lines.join('\n')}\n`);
  await service.run(id);
  const { import: imported } = await service.batches.get(id, undefined);
  expect(imported).toMatchObject({ state: 'done', lines: lines.length, refused: 125 });
  expect(imported?.problems).toHaveLength(100);
  expect(imported?.problems.slice(0, 2)).toMatchObject([
    { line: 1, code: 'line_malformed' },
    { line: 2, key: 'k-0', code: 'request_malformed' },
  ]);
  for (const { detail } of imported?.problems ?? []) expect(detail.length).toBeLessThanOrEqual(200);
  expect(await service.keysIn(id)).toEqual(['same', 'windows']);
});

test('an import goes on after refused lines with keys of any length', async () => {
  const keys = ['x'.repeat(1_000_000), '\u{1f4a5}'.repeat(300), '\ud800'.repeat(300)];
  const refused = Array.from({ length: 102 }, (_, number) =>
    line(keys[number === 0 ? 0 : 1 + (number % 2)] ?? ''),
  );
  const id = await begin('long-keys.ndjson', [...refused, line('a')].join('\n'));
  await service.run(id);
  const { import: imported } = await service.batches.get(id, undefined);
  expect(imported).toMatchObject({ state: 'done', lines: 103, refused: 102 });
  expect(imported?.problems[0]).toMatchObject({ line: 1, key: 'x'.repeat(255), code: 'batch_key_invalid' });
  expect(await service.keysIn(id)).toEqual(['a']);
});

test('a line can be as long as in a call, and a longer one ends the import', async () => {
  const longest = JSON.stringify({ key: 'long', text: 'x' }).replace(
    'x',
    'x'.repeat(BATCH_LINE_MAX_BYTES - 27),
  );
  const text = Buffer.from(`${line('a')}\n${longest.padEnd(BATCH_LINE_MAX_BYTES)}\n${line('b')}\n`);
  const id = await begin('long.ndjson', text);
  await service.run(id);
  // As long as a line, too long as a text.
  expect((await service.batches.get(id, undefined)).import).toMatchObject({
    state: 'done',
    lines: 3,
    problems: [{ line: 2, key: 'long', code: 'request_malformed' }],
  });

  const longer = await begin(
    'longer.ndjson',
    `${line('a')}\n${longest.padEnd(BATCH_LINE_MAX_BYTES + 1)}\n${line('b')}`,
  );
  await service.batches.seal(longer, undefined);
  await service.run(longer);
  const view = await service.batches.get(longer, undefined);
  expect(view).toMatchObject({
    status: 'open',
    import: {
      state: 'failed',
      lines: 1,
      failure: {
        code: 'line_too_large',
        detail: expect.stringContaining(
          `Line 2 of the manifest s3://${Bucket}/payloads/batches/longer.ndjson has more`,
        ),
      },
    },
  });
  expect(view).not.toHaveProperty('sealRequestedAt');
  expect(await service.keysIn(longer)).toEqual(['a']);
});

test.each([
  ['manifest_changed', (name: string) => put(name, 'other')],
  [
    'manifest_missing',
    (name: string) => s3.send(new DeleteObjectCommand({ Bucket, Key: `payloads/batches/${name}` })),
  ],
])(
  'an object that changes meanwhile ends the import with %s, and the batch stays open',
  async (code, change) => {
    const id = await begin(`${code}.ndjson`, TEXT);
    await service.run(id, alive, () => false);
    await service.batches.seal(id, undefined);
    await change(`${code}.ndjson`);
    await service.run(id);
    const { status, import: imported } = await service.batches.get(id, undefined);
    expect({ status, imported }).toMatchObject({
      status: 'open',
      imported: {
        state: 'failed',
        failure: { code, detail: expect.stringContaining(`s3://${Bucket}/payloads/batches/${code}.ndjson`) },
      },
    });
    // It goes on with another object.
    await service.imports.begin(id, undefined, await put(`again-${code}.ndjson`, TEXT));
    await service.run(id);
    expect((await service.batches.get(id, undefined)).import).toMatchObject(DONE);
    expect(await service.keysIn(id)).toEqual([...KEYS, 'last']);
  },
);

test('an error that passes is no end: the part is imported later', async () => {
  const id = await begin('throttled.ndjson', TEXT);
  const failing = service.run(id, (call, effect) =>
    call === 'read' ? Promise.reject(new Error('SlowDown')) : effect(),
  );
  await expect(failing).rejects.toThrow('SlowDown');
  service.clock.advanceSeconds(31);
  await service.run(id);
  expect((await service.batches.get(id, undefined)).import).toMatchObject(DONE);
});

test('a batch that expires meanwhile takes no more items', async () => {
  const { id } = await service.batches.create({ expiresAt: START + 60_000 });
  await service.imports.begin(id, undefined, await put('late.ndjson', TEXT));
  service.clock.advanceSeconds(60);
  await service.run(id);
  expect(await service.batches.get(id, undefined)).toMatchObject({
    status: 'completed',
    import: { state: 'failed', lines: 0, failure: { code: 'batch_closed' } },
  });
});

describe('the beginning of an import', () => {
  test('is the same when it is repeated, and no other one begins while it runs', async () => {
    const manifest = await put('one.ndjson', line('a'));
    const { id } = await service.batches.create({});
    const begun = await service.imports.begin(id, undefined, manifest);
    expect(await service.imports.begin(id, undefined, manifest)).toEqual(begun);
    await expect(
      service.imports.begin(id, undefined, await put('two.ndjson', line('b'))),
    ).rejects.toMatchObject({ code: 'import_running', message: expect.stringContaining(manifest) });
    await service.run(id);
    await service.imports.begin(id, undefined, await put('two.ndjson', line('b')));
    await service.run(id);
    expect(await service.keysIn(id)).toEqual(['a', 'b']);
    await service.batches.seal(id, undefined);
    await expect(service.imports.begin(id, undefined, manifest)).rejects.toMatchObject({
      code: 'batch_closed',
    });
  });

  test.each([
    'payloads/batches/orders.ndjson',
    's3://other-bucket/payloads/batches/orders.ndjson',
    `s3://${Bucket}/payloads/batches/`,
    `s3://${Bucket}/payloads/orders.ndjson`,
    `s3://${Bucket}/payloads/batches/../orders.ndjson`,
    `s3://${Bucket}/payloads/batches/${'x'.repeat(1_100)}`,
  ])('is refused for %s', async (manifest) => {
    const { id } = await service.batches.create({});
    await expect(service.imports.begin(id, undefined, manifest)).rejects.toMatchObject({
      code: 'manifest_invalid',
      message: expect.stringContaining(`below s3://${Bucket}/payloads/batches/`),
    });
  });

  test('is refused for an object that isn’t there', async () => {
    const { id } = await service.batches.create({});
    await expect(
      service.imports.begin(id, undefined, `s3://${Bucket}/payloads/batches/none`),
    ).rejects.toMatchObject({ code: 'manifest_missing' });
  });

  test('is refused for what another tenant has uploaded', async () => {
    const [one, other] = await Promise.all(
      ['acme', 'other'].map((tenant) => service.batches.create({ tenant })),
    );
    if (!one || !other) throw new Error('no batches');
    const { manifest } = await service.imports.upload(one.id, 'acme', 10);
    await put(manifest.slice(`s3://${Bucket}/payloads/batches/`.length), line('a'));
    await expect(service.imports.begin(other.id, 'other', manifest)).rejects.toMatchObject({
      code: 'manifest_invalid',
      message: expect.stringContaining(`below s3://${Bucket}/payloads/batches/${other.id}/`),
    });
    await expect(service.imports.begin(one.id, 'other', manifest)).rejects.toMatchObject({
      code: 'batch_unknown',
    });
    expect(await service.imports.begin(one.id, 'acme', manifest)).toMatchObject({
      import: { state: 'running' },
    });
  });
});
