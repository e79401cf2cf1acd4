import { DeleteItemCommand, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, inject, test } from 'vitest';
import { batchItemKey } from '../../lib/aws/batch-place.ts';
import { DynamoDbBatchCounter } from '../../lib/aws/dynamodb-batch-counter.ts';
import { DynamoDbBatchStore } from '../../lib/aws/dynamodb-batch-store.ts';
import { RECOUNT_MILLISECONDS, recordKeyIn } from '../../lib/aws/dynamodb-open-batches.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { BATCH_MAX_ITEMS, type Batch, itemRequestId } from '../../lib/core/model/batch.ts';
import type { PreparedItem } from '../../lib/core/ports/batch-store.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { batchChangesOf } from '../../lib/lambda/batch-changes.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { createRequestTable } from '../support/request-table.ts';
import { TableStream } from '../support/table-stream.ts';
import { START } from '../support/test-clock.ts';

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

const BATCH: Batch = { id: 'b-1', metadata: {}, createdAt: START };

const LATE = 60_000;

/** A batch of a table, and what happens to its requests. */
async function openBatch() {
  const table = await createRequestTable(dynamodb, true);
  const stream = await TableStream.of(dynamodb, inject('endpoint'), table);
  const ports = { client: dynamodb, table, random: Math.random };
  const records = new RequestRecords(new DynamoDbRecordStore(dynamodb, table), () => START + 5, 10);
  const queue = { sent: [] as string[], send: async (_message: string) => {} };
  const store = new DynamoDbBatchStore({
    ...ports,
    queueFor: () => ({
      send: async (message) => {
        await queue.send(message);
        queue.sent.push(message);
      },
    }),
  });
  const counter = new DynamoDbBatchCounter(ports);
  const logger = new CollectingLogger();
  await store.create(BATCH);
  return {
    table,
    store,
    records,
    queue,
    counter,
    /** The changes that the stream has brought since the last call. */
    changes: async () => batchChangesOf({ Records: await stream.read() }, logger),
    state: async () => (await store.find(undefined, BATCH.id))?.state,
    cancel: (key: string) => records.change(requestOf(key), { type: 'cancel' }),
  };
}

function requestOf(key: string, batch = BATCH) {
  return { id: itemRequestId(batch, key), source: '' };
}

function prepared(
  records: RequestRecords,
  key: string,
  { fingerprint = 'f', batch = BATCH }: { fingerprint?: string; batch?: Batch } = {},
): PreparedItem {
  const request = requestOf(key, batch);
  const record = records.submitted(request, START);
  return { key, fingerprint, message: key, record, place: { requestId: request.id } };
}

async function keysOf(store: DynamoDbBatchStore): Promise<string[]> {
  return (await store.items(BATCH, undefined, 1_000)).items.map(({ key }) => key);
}

test('a request whose message is claimed before its record is there is in the batch', async () => {
  const { store, records, queue, counter, changes, state } = await openBatch();
  queue.send = async (message) => {
    if (message === 'b') await records.claim({ ...requestOf('b'), submittedAt: START }, START + 60_000);
  };
  expect(await store.add(BATCH, [prepared(records, 'a'), prepared(records, 'b')], START)).toEqual([
    'added',
    'added',
  ]);
  await counter.count(await changes());
  expect(await state()).toMatchObject({ counts: { queued: 1, running: 1 }, startedAt: START + 5 });
  expect(await keysOf(store)).toEqual(['a', 'b']);
});

test('a call that fails for one item adds the others, and is repeated', async () => {
  const { store, records, queue, counter, changes, cancel, state } = await openBatch();
  const items = ['a', 'b', 'c'].map((key) => prepared(records, key));
  queue.send = async (message) => {
    if (message === 'b') throw new Error('no queue');
  };
  await expect(store.add(BATCH, items, START)).rejects.toThrow('no queue');
  queue.send = async () => {};
  expect(await store.fingerprints(BATCH, ['a', 'b', 'c'])).toEqual(
    new Map([
      ['a', 'f'],
      ['c', 'f'],
    ]),
  );
  expect(await store.add(BATCH, items, START)).toEqual(['repeated', 'added', 'repeated']);
  expect(await keysOf(store)).toEqual(['a', 'c', 'b']);
  await store.seal(BATCH, START + 1);
  for (const key of ['a', 'b', 'c']) await cancel(key);
  await counter.count(await changes());
  expect(await state()).toMatchObject({ endedAt: START + 5, counts: { queued: 0, cancelled: 3 } });
});

test('a call that dies while it adds ends no batch early, and holds none up for longer than a minute', async () => {
  const { store, records, queue, counter, changes, cancel, state } = await openBatch();
  const items = ['a', 'b', 'c'].map((key) => prepared(records, key));
  const dead = Promise.withResolvers<void>();
  queue.send = () => {
    dead.resolve();
    return new Promise(() => {});
  };
  void store.add(BATCH, items, START);
  await dead.promise;
  queue.send = async () => {};
  expect(await store.add(BATCH, items, START)).toEqual(['added', 'added', 'added']);
  await store.seal(BATCH, START + 1);
  for (const key of ['a', 'b', 'c']) await cancel(key);
  await counter.count(await changes());
  // The call may still be adding.
  await store.balance(BATCH, START + LATE);
  expect(await state()).toMatchObject({ endedAt: undefined, counts: { cancelled: 3 } });
  await store.balance(BATCH, START + 1 + LATE);
  expect(await state()).toMatchObject({ endedAt: START + 5, counts: { queued: 0, cancelled: 3 } });
});

test('many calls add items at the same time', async () => {
  const { store, records } = await openBatch();
  const keys = Array.from({ length: 60 }, (_, number) => `k-${number}`);
  const adding = keys.map((key) => store.add(BATCH, [prepared(records, key)], START));
  expect((await Promise.all(adding)).flat()).toEqual(keys.map(() => 'added'));
  expect((await keysOf(store)).toSorted()).toEqual(keys.toSorted());
});

test('several functions that count the same changes at the same time count each once', async () => {
  const { store, records, counter, changes, cancel, state } = await openBatch();
  const keys = Array.from({ length: 120 }, (_, number) => `k-${number}`);
  const adding = [keys.slice(0, 50), keys.slice(50, 90), keys.slice(90)].map((part) =>
    store.add(
      BATCH,
      part.map((key) => prepared(records, key)),
      START,
    ),
  );
  expect((await Promise.all(adding)).flat()).toEqual(keys.map(() => 'added'));
  await store.seal(BATCH, START + 1);
  await Promise.all(keys.slice(0, 100).map(cancel));
  const all = await changes();
  await Promise.all(
    [all, all.toReversed(), all.slice(40), all.slice(0, 150)].map((part) => counter.count(part)),
  );
  expect(await state()).toMatchObject({ counts: { queued: 20, cancelled: 100 }, endedAt: undefined });
  await Promise.all(keys.slice(100).map(cancel));
  const rest = await changes();
  await Promise.all([rest, rest].map((part) => counter.count(part)));
  expect(await state()).toMatchObject({ counts: { queued: 0, cancelled: 120 }, endedAt: START + 5 });
});

test('a batch ends with the latest change of its requests, whichever is counted last', async () => {
  const { store, records, cancel, counter, changes, state } = await openBatch();
  for (const key of ['a', 'b']) await store.add(BATCH, [prepared(records, key)], START);
  await counter.count(await changes());
  await store.seal(BATCH, START + 1);
  await cancel('a');
  const earlier = await changes();
  await cancel('b');
  const later = (await changes()).map((change) => ({ ...change, at: START + 900 }));
  await counter.count(later);
  await counter.count(earlier);
  expect(await state()).toMatchObject({ counts: { queued: 0, cancelled: 2 }, endedAt: START + 900 });
});

test('a batch whose changes the stream lost is counted by its records after an hour', async () => {
  const { store, records, cancel, counter, changes, state } = await openBatch();
  await store.add(
    BATCH,
    ['a', 'b', 'c'].map((key) => prepared(records, key)),
    START,
  );
  await counter.count(await changes());
  await store.seal(BATCH, START + 1);
  await cancel('a');
  await cancel('b');
  await changes();
  await store.balance(BATCH, START + RECOUNT_MILLISECONDS);
  expect(await state()).toMatchObject({ counts: { queued: 3 } });
  await store.balance(BATCH, START + 1 + RECOUNT_MILLISECONDS);
  expect(await state()).toMatchObject({ counts: { queued: 1, cancelled: 2 }, endedAt: undefined });
});

test('a request whose record is gone before it has ended counts as failed', async () => {
  const { table, store, records, cancel, counter, changes, state } = await openBatch();
  await store.add(
    BATCH,
    ['a', 'b'].map((key) => prepared(records, key)),
    START,
  );
  await store.seal(BATCH, START + 1);
  await cancel('a');
  await counter.count(await changes());
  const Key = { pk: { S: recordKeyIn(BATCH, 'b') } };
  await dynamodb.send(new DeleteItemCommand({ TableName: table, Key }));
  const later = START + 5 + RECOUNT_MILLISECONDS;
  await store.balance(BATCH, later);
  expect(await state()).toMatchObject({ counts: { queued: 0, failed: 1, cancelled: 1 }, endedAt: later });
});

test('a full batch takes as many items as it has room for', async () => {
  const { table, store, records } = await openBatch();
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { pk: { S: batchItemKey(BATCH) } },
      UpdateExpression: 'SET reserved = :reserved',
      ExpressionAttributeValues: { ':reserved': { N: String(BATCH_MAX_ITEMS - 1) } },
    }),
  );
  const items = ['a', 'b'].map((key) => prepared(records, key));
  expect(await store.add(BATCH, items, START)).toEqual(['added', 'batch_full']);
  expect(await store.add(BATCH, items, START)).toEqual(['batch_full', 'batch_full']);
});

test('a batch whose time is over is created again, with none of the requests of the first', async () => {
  const { store, records, counter, changes, cancel } = await openBatch();
  await store.add(BATCH, [prepared(records, 'a')], START);
  await cancel('a');
  await store.seal(BATCH, START);
  await counter.count(await changes());
  await store.noteReported(BATCH, START + 10_000);
  const again = { ...BATCH, createdAt: START + 10_000 };
  expect(await store.create(again)).toMatchObject({ batch: again, state: { endedAt: undefined } });
  expect(await store.fingerprints(again, ['a'])).toEqual(new Map());
  expect(await store.items(again, undefined, 10)).toEqual({ items: [] });
  // The record of the first batch's item is still there: the new one doesn't take its outcome.
  const added = await store.add(again, [prepared(records, 'a', { batch: again })], START + 10_000);
  expect(added).toEqual(['added']);
  await counter.count(await changes());
  expect((await store.find(undefined, BATCH.id))?.state).toMatchObject({
    counts: { queued: 1, cancelled: 0 },
  });
});

test('pages of items end in the middle of a call’s items, and leave out keys that are no items', async () => {
  const { store, records } = await openBatch();
  const all = (...keys: readonly string[]) => keys.map((key) => prepared(records, key));
  await store.add(BATCH, all('a', 'b', 'c', 'd', 'e'), START);
  await store.add(BATCH, all('b', 'c', 'f', 'd', 'g'), START);
  await store.add(BATCH, all('a', 'b'), START);
  const pages: string[][] = [];
  let after: string | undefined;
  do {
    const { items, next } = await store.items(BATCH, after, 2);
    pages.push(items.map(({ key }) => key));
    after = next;
  } while (after !== undefined);
  expect(pages.flat()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
});
