import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DynamoDbLoadLog } from '../../lib/aws/dynamodb-load-log.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

let endpoint: ScriptedEndpoint;
let log: DynamoDbLoadLog;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(200, {})).start();
  log = new DynamoDbLoadLog(new DynamoDBClient(clientConfig(endpoint.url)), 'requests');
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function sent() {
  return endpoint.calls.map(({ body }) => JSON.parse(String(body)));
}

/** Processors of one version and APIs of another share the table: the names are a contract. */
test('work is added by one call, to its window in the item of its minute', async () => {
  await log.add(NOON + 39_999, {
    completed: 7,
    handled: 5,
    milliseconds: 1_234,
    releases: 2,
    squares: 800_000,
  });
  expect(sent()).toEqual([
    {
      TableName: 'requests',
      Key: { pk: { S: 'load#29497680' } },
      UpdateExpression:
        'SET #ttl = :ttl ADD #completed :completed, #handled :handled, #milliseconds :milliseconds, #releases :releases, #squares :squares',
      ExpressionAttributeNames: {
        '#ttl': 'ttl',
        '#completed': 'completed3',
        '#handled': 'handled3',
        '#milliseconds': 'milliseconds3',
        '#releases': 'releases3',
        '#squares': 'squares3',
      },
      ExpressionAttributeValues: {
        ':ttl': { N: String(NOON / 1_000 + 39 + 3_600) },
        ':completed': { N: '7' },
        ':handled': { N: '5' },
        ':milliseconds': { N: '1234' },
        ':releases': { N: '2' },
        ':squares': { N: '800000' },
      },
    },
  ]);
});

test('two items and the pause are read by one call', async () => {
  endpoint.script = jsonAnswer(200, {
    Responses: {
      requests: [
        {
          pk: { S: 'load#29497679' },
          completed0: { N: '100' },
          completed3: { N: '1' },
          handled3: { N: '20' },
          milliseconds3: { N: '5' },
        },
        {
          pk: { S: 'load#29497680' },
          completed2: { N: '2' },
          handled2: { N: '30' },
          milliseconds2: { N: '6' },
          releases2: { N: '3' },
          squares2: { N: '12' },
          completed4: { N: '100' },
          handled4: { N: '100' },
        },
        { pk: { S: 'load#pause' }, until: { N: String(NOON) }, reason: { S: 'the model is down' } },
      ],
    },
  });
  const recent = await log.recent(NOON + 35_000);
  expect(sent()).toEqual([
    {
      RequestItems: {
        requests: {
          Keys: ['load#29497680', 'load#29497679', 'load#pause'].map((S) => ({ pk: { S } })),
        },
      },
    },
  ]);
  const work = { completed: 3, handled: 50, milliseconds: 11, releases: 3, squares: 12, seconds: 65 };
  expect(recent).toMatchObject({ ...work, pause: { until: NOON, reason: 'the model is down' } });
  expect(recent.windows.filter(({ handled }) => handled > 0)).toEqual([
    { handled: 30, milliseconds: 6 },
    { handled: 20, milliseconds: 5 },
  ]);
});

test('half of an answer is none', async () => {
  const Keys = [{ pk: { S: 'load#29497679' } }];
  endpoint.script = jsonAnswer(200, { Responses: { requests: [] }, UnprocessedKeys: { requests: { Keys } } });
  await expect(log.recent(NOON)).rejects.toThrow('DynamoDB did not read all items');
});
