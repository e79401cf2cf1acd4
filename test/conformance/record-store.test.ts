import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { keyOf } from '../../lib/aws/record-item.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryRecordStore } from '../support/memory-record-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { recordStoreSuite } from './record-store-suite.ts';

recordStoreSuite('a record store in memory', async () => {
  const store = new MemoryRecordStore();
  return { store, drop: async ({ request }) => store.drop(request) };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

recordStoreSuite('a record store on DynamoDB', async () => {
  const TableName = await createRequestTable(dynamodb);
  return {
    store: new DynamoDbRecordStore(dynamodb, TableName),
    drop: async ({ request }) => {
      await dynamodb.send(new DeleteItemCommand({ TableName, Key: keyOf(request) }));
    },
  };
});
