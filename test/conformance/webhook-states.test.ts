import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { DynamoDbWebhookStates } from '../../lib/aws/dynamodb-webhook-states.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { MemoryWebhookStates } from '../../lib/stores/memory/webhook-states.ts';
import { SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import { SqliteWebhookStates } from '../../lib/stores/sqlite/webhook-states.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseWebhookStates } from './webhook-states-suite.ts';

exerciseWebhookStates('how webhooks stand in memory', async () => {
  const store = new MemoryRecordStore();
  return { store, states: new MemoryWebhookStates(store) };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseWebhookStates('how webhooks stand on DynamoDB', async () => {
  const table = await createRequestTable(dynamodb);
  return {
    store: new DynamoDbRecordStore(dynamodb, table),
    states: new DynamoDbWebhookStates(dynamodb, table),
  };
});

exerciseWebhookStates('how webhooks stand in a file', async () => {
  const { file } = await openSqlite();
  return { store: new SqliteRecordStore(file), states: new SqliteWebhookStates(file) };
});
