import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { inject } from 'vitest';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryIdempotencyKeys } from '../../lib/stores/memory/idempotency-keys.ts';
import { createRequestTable } from '../support/request-table.ts';
import { idempotencyKeysSuite } from './idempotency-keys-suite.ts';

idempotencyKeysSuite('idempotency keys in memory', async () => new MemoryIdempotencyKeys());

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

idempotencyKeysSuite('idempotency keys on DynamoDB', async () => {
  return new DynamoDbIdempotencyKeys(dynamodb, await createRequestTable(dynamodb));
});
