import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import type { KeyUse } from '../../lib/core/ports/idempotency-keys.ts';
import {
  clientConfig,
  conditionRefused,
  jsonAnswer,
  ScriptedEndpoint,
} from '../support/scripted-endpoint.ts';

const USE: KeyUse = { requestId: 'r-1', fingerprint: 'f', usedAt: 10_999, keptUntil: 20_000 };
const EARLIER = {
  pk: { S: 'key#whatever' },
  requestId: { S: 'r-0' },
  fingerprint: { S: 'e' },
  usedAt: { N: '9000' },
  ttl: { N: '19' },
};

let endpoint: ScriptedEndpoint;
let keys: DynamoDbIdempotencyKeys;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(200, {})).start();
  const client = new DynamoDBClient({ ...clientConfig(endpoint.url), maxAttempts: 2 });
  keys = new DynamoDbIdempotencyKeys(client, 'requests');
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function sent(nth: number) {
  return JSON.parse(String(endpoint.calls[nth]?.body));
}

describe('taking a key', () => {
  test('is one conditional put, which returns the conflicting item', async () => {
    expect(await keys.take('acme', 'k', USE)).toEqual(USE);
    expect(endpoint.calls).toHaveLength(1);
    expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('DynamoDB_20120810.PutItem');
    expect(sent(0)).toEqual({
      TableName: 'requests',
      Item: {
        pk: { S: 'key#81ee3d547b35eedd9cc23d9dcfc20f24' },
        requestId: { S: 'r-1' },
        fingerprint: { S: 'f' },
        usedAt: { N: '10999' },
        ttl: { N: '20' },
      },
      ConditionExpression: 'attribute_not_exists(#key) OR #ttl <= :now',
      ExpressionAttributeNames: { '#key': 'pk', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':now': { N: '10' } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  });

  test('without a tenant stores another key', async () => {
    await keys.take(undefined, 'k', USE);
    expect(sent(0).Item.pk).toEqual({ S: 'key#652369711ad08cb2e2104661ed014d3a' });
  });

  test('that is already taken returns its use', async () => {
    endpoint.script = conditionRefused(EARLIER);
    expect(await keys.take('acme', 'k', USE)).toEqual({
      requestId: 'r-0',
      fingerprint: 'e',
      usedAt: 9_000,
      keptUntil: 19_000,
    });
  });

  test('is retried after a lost answer, and finds its own item', async () => {
    endpoint.script = (call, response) => {
      if (endpoint.calls.length === 1) response.destroy();
      else conditionRefused(sent(0).Item)(call, response);
    };
    expect(await keys.take('acme', 'k', USE)).toEqual(USE);
    expect(endpoint.calls).toHaveLength(2);
  });

  test('is retried while the table is throttled', async () => {
    endpoint.script = (call, response) => {
      const throttled = { __type: 'ThrottlingException', message: 'slow down' };
      const answer = endpoint.calls.length === 1 ? jsonAnswer(400, throttled) : jsonAnswer(200, {});
      answer(call, response);
    };
    expect(await keys.take('acme', 'k', USE)).toEqual(USE);
    expect(endpoint.calls).toHaveLength(2);
  });

  test('rejects with any other error', async () => {
    endpoint.script = jsonAnswer(400, { __type: 'ResourceNotFoundException', message: 'no such table' });
    await expect(keys.take('acme', 'k', USE)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
