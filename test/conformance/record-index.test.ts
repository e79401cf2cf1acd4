import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbRecordIndex } from '../../lib/aws/dynamodb-record-index.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { keyOf } from '../../lib/aws/record-item.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryRecordIndex } from '../../lib/stores/memory/record-index.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { SqliteRecordIndex } from '../../lib/stores/sqlite/record-index.ts';
import { recordKey, SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { TestClock } from '../support/test-clock.ts';
import { exerciseRecordIndex, NOW } from './record-index-suite.ts';

exerciseRecordIndex('an index of records in memory', async () => {
  const store = new MemoryRecordStore();
  const index = new MemoryRecordIndex(store, () => NOW);
  return { store, index, drop: async ({ request }) => store.drop(request) };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseRecordIndex('an index of records on DynamoDB', async () => {
  const TableName = await createRequestTable(dynamodb);
  return {
    store: new DynamoDbRecordStore(dynamodb, TableName),
    index: new DynamoDbRecordIndex(dynamodb, TableName, new TestClock(NOW)),
    drop: async ({ request }) => {
      await dynamodb.send(new DeleteItemCommand({ TableName, Key: keyOf(request) }));
    },
  };
});

exerciseRecordIndex('an index of records in a file', async () => {
  const { file } = await openSqlite();
  return {
    store: new SqliteRecordStore(file),
    index: new SqliteRecordIndex(file, new TestClock(NOW)),
    drop: async ({ request }) => {
      await file.write(() =>
        file.statement('DELETE FROM records WHERE key = :key').run({ key: recordKey(request) }),
      );
    },
  };
});
