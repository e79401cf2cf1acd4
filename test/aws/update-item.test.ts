import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { updateItem } from '../../lib/aws/update-item.ts';
import {
  clientConfig,
  conditionRefused,
  jsonAnswer,
  ScriptedEndpoint,
} from '../support/scripted-endpoint.ts';

const UPDATE = { update: 'REMOVE #a', condition: 'attribute_exists(#a)', names: ['a'] };
const CONFLICT = jsonAnswer(400, {
  __type: 'com.amazonaws.dynamodb.v20120810#TransactionConflictException',
  message: 'Transaction is ongoing for the item',
});

/** Updates an item while a number of tries meet a transaction. */
async function updating(conflicts: number, answer = jsonAnswer(200, { Attributes: { pk: { S: 'k' } } })) {
  await using endpoint = await new ScriptedEndpoint((call, response) =>
    (endpoint.calls.length <= conflicts ? CONFLICT : answer)(call, response),
  ).start();
  const client = new DynamoDBClient({ ...clientConfig(endpoint.url), maxAttempts: 1 });
  const result = updateItem({ client, table: 'table', random: () => 0 }, 'k', UPDATE);
  return { result: await result.catch((error: Error) => error.name), calls: endpoint.calls.length };
}

test('an update waits until no transaction changes its item', async () => {
  const updated = { updated: true, item: { pk: { S: 'k' } } };
  expect(await updating(0)).toEqual({ result: updated, calls: 1 });
  expect(await updating(7)).toEqual({ result: updated, calls: 8 });
  expect(await updating(1, conditionRefused({ pk: { S: 'k' } }))).toEqual({
    result: { updated: false, item: { pk: { S: 'k' } } },
    calls: 2,
  });
});

test('an update ends if transactions go on and on', async () => {
  expect(await updating(100)).toEqual({ result: 'TransactionConflictException', calls: 8 });
});
