import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbLimitStore } from '../../lib/aws/dynamodb-limit-store.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryLimitStore } from '../../lib/stores/memory/limit-store.ts';
import { SqliteLimitStore } from '../../lib/stores/sqlite/limit-store.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseLimitStore } from './limit-store-suite.ts';

exerciseLimitStore('limits in memory', async () => new MemoryLimitStore());

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseLimitStore('limits on DynamoDB', async () => {
  return new DynamoDbLimitStore(dynamodb, await createRequestTable(dynamodb));
});

exerciseLimitStore('limits in a file', async () => {
  const { file } = await openSqlite();
  return new SqliteLimitStore(file);
});
