import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DynamoDbHeldCalls } from '../../lib/aws/dynamodb-held-calls.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

const FULL = jsonAnswer(400, { __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException' });

let endpoint: ScriptedEndpoint;
let heldCalls: DynamoDbHeldCalls;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(200, {})).start();
  heldCalls = new DynamoDbHeldCalls(new DynamoDBClient(clientConfig(endpoint.url)), 'requests');
});
afterEach(() => endpoint[Symbol.asyncDispose]());

test('E19: a call that is held is counted in the item of its 20 seconds, up to 50', async () => {
  expect(await heldCalls.mayHold(NOON + 19_999)).toBe(true);
  expect(endpoint.calls.map(({ body }) => JSON.parse(String(body)))).toEqual([
    {
      TableName: 'requests',
      Key: { pk: { S: 'held#88493040' } },
      UpdateExpression: 'SET #ttl = :ttl ADD #calls :one',
      ConditionExpression: 'attribute_not_exists(#calls) OR #calls < :most',
      ExpressionAttributeNames: { '#ttl': 'ttl', '#calls': 'calls' },
      ExpressionAttributeValues: {
        ':ttl': { N: String(NOON / 1_000 + 19 + 3_600) },
        ':one': { N: '1' },
        ':most': { N: '50' },
      },
    },
  ]);
});

test('E19: an instance asks no more in a window that is full, and again in the next', async () => {
  endpoint.script = FULL;
  expect(await heldCalls.mayHold(NOON)).toBe(false);
  expect(await heldCalls.mayHold(NOON + 19_999)).toBe(false);
  expect(endpoint.calls).toHaveLength(1);
  endpoint.script = jsonAnswer(200, {});
  expect(await heldCalls.mayHold(NOON + 20_000)).toBe(true);
});

test('what else DynamoDB refuses is thrown', async () => {
  endpoint.script = jsonAnswer(400, { __type: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException' });
  await expect(heldCalls.mayHold(NOON)).rejects.toThrow();
});
