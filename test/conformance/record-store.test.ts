import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, inject, test } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { keyOf } from '../../lib/aws/record-item.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { recordKey, SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseRecordStore } from './record-store-suite.ts';

exerciseRecordStore('a record store in memory', async () => {
  const store = new MemoryRecordStore();
  return { store, reopen: () => store, drop: async ({ request }) => store.drop(request) };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

/** Largest item. */
const MAX_ITEM_BYTES = 409_600;

test('a record that DynamoDB has no room for is refused, and no other write made at the same time', async () => {
  const store = new DynamoDbRecordStore(dynamodb, await createRequestTable(dynamodb));
  const write = (id: string, message: string) => {
    const record: RequestRecord = {
      request: { id, source: '' },
      status: 'queued',
      attempts: 0,
      createdAt: 1_000,
      updatedAt: 1_000,
      lastError: { name: 'Error', message, code: undefined },
    };
    return store.write({ record, revision: 1, keptUntil: 1_000 });
  };
  const results = await Promise.allSettled([
    write('before', ''),
    write('too large', 'x'.repeat(MAX_ITEM_BYTES)),
    write('after', ''),
  ]);
  expect(results).toMatchObject([
    { value: { written: true } },
    { reason: { code: 'ValidationError', message: expect.stringContaining('size') } },
    { value: { written: true } },
  ]);
});

exerciseRecordStore('a record store on DynamoDB', async () => {
  const TableName = await createRequestTable(dynamodb);
  return {
    store: new DynamoDbRecordStore(dynamodb, TableName),
    reopen: () => new DynamoDbRecordStore(new DynamoDBClient(localConfig(inject('endpoint'))), TableName),
    drop: async ({ request }) => {
      await dynamodb.send(new DeleteItemCommand({ TableName, Key: keyOf(request) }));
    },
  };
});

exerciseRecordStore('a record store in a file', async () => {
  const { file, open } = await openSqlite();
  const other = await open();
  return {
    store: new SqliteRecordStore(file),
    reopen: () => new SqliteRecordStore(other),
    drop: async ({ request }) => {
      await other.write(() =>
        other.statement('DELETE FROM records WHERE key = :key').run({ key: recordKey(request) }),
      );
    },
  };
});
