import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbWebhookEndpoints } from '../../lib/aws/dynamodb-webhook-endpoints.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryWebhookEndpoints } from '../../lib/stores/memory/webhook-endpoints.ts';
import { SqliteWebhookEndpoints } from '../../lib/stores/sqlite/webhook-endpoints.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseWebhookEndpoints } from './webhook-endpoints-suite.ts';

exerciseWebhookEndpoints('webhook endpoints in memory', async () => new MemoryWebhookEndpoints());

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseWebhookEndpoints('webhook endpoints on DynamoDB', async () => {
  return new DynamoDbWebhookEndpoints(dynamodb, await createRequestTable(dynamodb));
});

exerciseWebhookEndpoints('webhook endpoints in a file', async () => {
  const { file } = await openSqlite();
  return new SqliteWebhookEndpoints(file);
});
