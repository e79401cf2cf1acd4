import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryIdempotencyKeys } from '../../lib/stores/memory/idempotency-keys.ts';
import { SqliteIdempotencyKeys } from '../../lib/stores/sqlite/idempotency-keys.ts';
import { createRequestTable } from '../support/request-table.ts';
import { openSqlite } from '../support/sqlite.ts';
import { exerciseIdempotencyKeys } from './idempotency-keys-suite.ts';

exerciseIdempotencyKeys('idempotency keys in memory', async () => {
  const keys = new MemoryIdempotencyKeys();
  return { keys, reopen: () => keys };
});

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

exerciseIdempotencyKeys('idempotency keys on DynamoDB', async () => {
  const table = await createRequestTable(dynamodb);
  const reopen = () => new DynamoDbIdempotencyKeys(dynamodb, table);
  return { keys: reopen(), reopen };
});

exerciseIdempotencyKeys('idempotency keys in a file', async () => {
  const { file, open } = await openSqlite();
  const other = await open();
  return { keys: new SqliteIdempotencyKeys(file), reopen: () => new SqliteIdempotencyKeys(other) };
});
