import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbFailureIndex } from '../../lib/aws/dynamodb-failure-index.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryFailureIndex } from '../../lib/stores/memory/failure-index.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { SqliteFailureIndex } from '../../lib/stores/sqlite/failure-index.ts';
import { SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { TestClock } from '../support/test-clock.ts';
import { exerciseFailureIndex, NOW } from './failure-index-suite.ts';

exerciseFailureIndex('an index of failures in memory', async () => {
  const store = new MemoryRecordStore();
  return { store, index: new MemoryFailureIndex(store) };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseFailureIndex('an index of failures on DynamoDB', async () => {
  const table = await createRequestTable(dynamodb);
  return {
    store: new DynamoDbRecordStore(dynamodb, table),
    index: new DynamoDbFailureIndex(dynamodb, table, new TestClock(NOW)),
  };
});

exerciseFailureIndex('an index of failures in a file', async () => {
  const { file } = await openSqlite();
  return { store: new SqliteRecordStore(file), index: new SqliteFailureIndex(file) };
});
