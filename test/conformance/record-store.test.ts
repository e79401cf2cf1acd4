import { CreateTableCommand, DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { RECORD_KEY } from '../../lib/core/record-table.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryRecordStore } from '../support/memory-record-store.ts';
import { recordStoreSuite } from './record-store-suite.ts';

recordStoreSuite('a record store in memory', async () => {
  const store = new MemoryRecordStore();
  return { store, drop: async ({ request }) => store.drop(request) };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

recordStoreSuite('a record store on DynamoDB', async () => {
  const TableName = `conformance-${crypto.randomUUID()}`;
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: RECORD_KEY, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: RECORD_KEY, KeyType: 'HASH' }],
    }),
  );
  return {
    store: new DynamoDbRecordStore(dynamodb, TableName),
    /** The only one there is. */
    drop: async () => {
      const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName }));
      for (const { [RECORD_KEY]: key } of Items) {
        if (key) await dynamodb.send(new DeleteItemCommand({ TableName, Key: { [RECORD_KEY]: key } }));
      }
    },
  };
});
