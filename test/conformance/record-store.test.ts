import { DatabaseSync } from 'node:sqlite';
import { DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, inject, test } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { keyOf } from '../../lib/aws/record-item.ts';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import type { DynamoDbWrite, HandlerWrites, SqliteTransaction } from '../../lib/core/ports/handler-writes.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { recordKey, SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { type Effects, exerciseRecordStore } from './record-store-suite.ts';

exerciseRecordStore('a record store in memory', async () => {
  const database = new DatabaseSync(':memory:');
  const store = new MemoryRecordStore(database);
  database.exec(EFFECTS);
  const list = async () => effectsOf(database.prepare(LIST).all());
  return {
    store,
    reopen: () => store,
    drop: async ({ request }) => store.drop(request),
    effects: { ...SQLITE_EFFECTS, list },
  };
});

const EFFECTS = 'CREATE TABLE app_effects (name TEXT NOT NULL) STRICT';
const LIST = 'SELECT name, count(*) AS count FROM app_effects GROUP BY name';

const addTo = (tx: SqliteTransaction, name: string) => tx.run('INSERT INTO app_effects VALUES (?)', name);

const SQLITE_EFFECTS = {
  add: (name: string): HandlerWrites => ({ sqlite: (tx) => void addTo(tx, name) }),
  addAndFail: (name: string): HandlerWrites => ({
    sqlite: (tx) => {
      addTo(tx, name);
      tx.run('INSERT INTO app_effects VALUES (?)', null);
    },
  }),
};

function effectsOf(rows: readonly Record<string, unknown>[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ name, count }) => [String(name), Number(count)]));
}

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

function dynamoDbEffects(TableName: string): Effects {
  const add = (name: string): DynamoDbWrite => ({
    Update: {
      TableName,
      Key: { [RECORD_KEY]: { S: name } },
      UpdateExpression: 'ADD #count :one',
      ExpressionAttributeNames: { '#count': 'count' },
      ExpressionAttributeValues: { ':one': { N: '1' } },
    },
  });
  const Key = { [RECORD_KEY]: { S: 'none' } };
  const fail = {
    ConditionCheck: { TableName, Key, ConditionExpression: `attribute_exists(${RECORD_KEY})` },
  };
  return {
    add: (name) => ({ dynamodb: [add(name)] }),
    addAndFail: (name) => ({ dynamodb: [add(name), fail] }),
    list: async () => {
      const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName, ConsistentRead: true }));
      return Object.fromEntries(Items.map((item) => [item[RECORD_KEY]?.S ?? '', Number(item.count?.N)]));
    },
  };
}

exerciseRecordStore('a record store on DynamoDB', async () => {
  const TableName = await createRequestTable(dynamodb);
  return {
    store: new DynamoDbRecordStore(dynamodb, TableName),
    reopen: () => new DynamoDbRecordStore(new DynamoDBClient(localConfig(inject('endpoint'))), TableName),
    drop: async ({ request }) => {
      await dynamodb.send(new DeleteItemCommand({ TableName, Key: keyOf(request) }));
    },
    effects: dynamoDbEffects(await createRequestTable(dynamodb)),
  };
});

exerciseRecordStore('a record store in a file', async () => {
  const { file, open } = await openSqlite();
  const other = await open();
  await file.write(() => file.statement(EFFECTS).run());
  return {
    store: new SqliteRecordStore(file),
    reopen: () => new SqliteRecordStore(other),
    drop: async ({ request }) => {
      await other.write(() =>
        other.statement('DELETE FROM records WHERE key = :key').run({ key: recordKey(request) }),
      );
    },
    effects: { ...SQLITE_EFFECTS, list: async () => effectsOf(other.statement(LIST).all()) },
  };
});
