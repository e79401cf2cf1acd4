import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbActionStore } from '../../lib/aws/dynamodb-action-store.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { SqliteActionStore } from '../../lib/stores/sqlite/action-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseActionStore } from './action-store-suite.ts';

const AGE_DAYS = 30;

const client = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseActionStore('actions on DynamoDB', async () => {
  const ports = { client, table: await createRequestTable(client), random: Math.random };
  const store = new DynamoDbActionStore(ports, AGE_DAYS);
  return {
    store,
    settle: async (action, ordinal, settlement) =>
      (await store.settle(action, [{ ordinal, settlement }])).length === 1,
  };
});

exerciseActionStore('actions in a file', async () => {
  const { file } = await openSqlite();
  const store = new SqliteActionStore(file, AGE_DAYS, { rehearses: true });
  return {
    store,
    settle: (action, ordinal, settlement) =>
      file.write(() => store.settle(action, { ordinal, id: '', source: '' }, settlement)),
  };
});
