import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbRecordIndex } from '../../lib/aws/dynamodb-record-index.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { keyOf } from '../../lib/aws/record-item.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryRecordIndex } from '../../lib/stores/memory/record-index.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { TestClock } from '../support/test-clock.ts';
import { NOW, recordIndexSuite } from './record-index-suite.ts';

recordIndexSuite('an index of records in memory', async () => {
  const store = new MemoryRecordStore();
  const index = new MemoryRecordIndex(store, () => NOW);
  return { store, index, drop: async ({ request }) => store.drop(request) };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

recordIndexSuite('an index of records on DynamoDB', async () => {
  const TableName = await createRequestTable(dynamodb);
  return {
    store: new DynamoDbRecordStore(dynamodb, TableName),
    index: new DynamoDbRecordIndex(dynamodb, TableName, new TestClock(NOW)),
    drop: async ({ request }) => {
      await dynamodb.send(new DeleteItemCommand({ TableName, Key: keyOf(request) }));
    },
  };
});
