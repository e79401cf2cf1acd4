import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { DYNAMODB_MAX_TRANSACT_ITEMS } from '../../lib/core/config/aws-limits.ts';
import type { DynamoDbWrite, WritesFailed, WritesRefused } from '../../lib/core/ports/handler-writes.ts';
import type { StoredRecord } from '../../lib/core/ports/record-store.ts';
import {
  clientConfig,
  jsonAnswer,
  type ReceivedCall,
  ScriptedEndpoint,
} from '../support/scripted-endpoint.ts';

const RECORD: StoredRecord = {
  record: {
    request: { id: 'r-1', source: '' },
    status: 'queued',
    attempts: 0,
    createdAt: 1_000,
    updatedAt: 1_000,
  },
  revision: 7,
  keptUntil: 2_000,
};

const PUT: DynamoDbWrite = { Put: { TableName: 'orders', Item: { id: { S: '7' } } } };

let endpoint: ScriptedEndpoint;
let store: DynamoDbRecordStore;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(200, {})).start();
  store = new DynamoDbRecordStore(
    new DynamoDBClient({ ...clientConfig(endpoint.url), maxAttempts: 2 }),
    'requests',
  );
});
afterEach(() => endpoint[Symbol.asyncDispose]());

const write = (writes = [PUT]) => store.writeWith(RECORD, { dynamodb: writes });

const inputOf = (call: ReceivedCall | undefined) => JSON.parse(String(call?.body));

/** The id of the write in a call, by which the store recognizes its own. */
const writeIdOf = (call: ReceivedCall | undefined) =>
  inputOf(call).TransactItems[0].Update.ExpressionAttributeValues[':writeId'];

function cancelled(...reasons: readonly object[]) {
  return jsonAnswer(400, {
    __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    message: 'Transaction cancelled',
    CancellationReasons: reasons,
  });
}

const NONE = { Code: 'None' };
const CONFLICT = { Code: 'TransactionConflict', Message: 'busy' };

test('is one call: the conditional update of the record, then the writes as they were given', async () => {
  const removing = { ...RECORD, revision: 7 };
  expect(await store.writeWith(removing, { dynamodb: [PUT] })).toEqual({ written: true });
  expect(endpoint.calls).toHaveLength(1);
  expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('DynamoDB_20120810.TransactWriteItems');
  const [record, ...others] = inputOf(endpoint.calls[0]).TransactItems;
  expect(others).toEqual([PUT]);
  expect(record.Update).toMatchObject({
    TableName: 'requests',
    Key: { pk: { S: expect.stringMatching(/^request#/) } },
    ConditionExpression: '#revision = :before',
    ExpressionAttributeNames: { '#revision': 'revision', '#outcome': 'outcome' },
    ExpressionAttributeValues: { ':before': { N: '6' }, ':revision': { N: '7' } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  expect(record.Update.UpdateExpression).toMatch(
    /^SET .* REMOVE #outcome, #failureList, #failurePosition, #failureTenant$/,
  );
});

describe('whose answer is lost', () => {
  test('is sent again with the same token', async () => {
    endpoint.script = (call, response) => {
      if (endpoint.calls.length === 1) response.destroy();
      else jsonAnswer(200, {})(call, response);
    };
    expect(await write()).toEqual({ written: true });
    const [first, second] = endpoint.calls.map(inputOf);
    expect(first.ClientRequestToken).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.ClientRequestToken).toBe(first.ClientRequestToken);
  });

  test('counts as written when it finds its own record', async () => {
    endpoint.script = (call, response) => {
      if (endpoint.calls.length === 1) response.destroy();
      else {
        const Item = { record: { S: '{}' }, revision: { N: '7' }, writeId: writeIdOf(call) };
        // The token is forgotten after ten minutes.
        cancelled({ Code: 'ConditionalCheckFailed', Item }, NONE)(call, response);
      }
    };
    expect(await write()).toEqual({ written: true });
  });
});

test('that finds the record of another write returns it, whatever else was refused', async () => {
  const Item = {
    record: { S: JSON.stringify(RECORD.record) },
    revision: { N: '9' },
    ttl: { N: '2' },
    writeId: { S: 'of another' },
  };
  const failed = { Code: 'ConditionalCheckFailed', Item };
  endpoint.script = cancelled(failed, { Code: 'ConditionalCheckFailed' });
  expect(await write()).toEqual({ written: false, stored: { ...RECORD, revision: 9 } });
  endpoint.script = cancelled({ Code: 'ConditionalCheckFailed' }, NONE);
  expect(await write()).toEqual({ written: false, stored: undefined });
});

test('that is refused for a condition of the handler says which one, and what is there', async () => {
  const Item = { id: { S: '7' }, stock: { N: '0' } };
  endpoint.script = cancelled(NONE, NONE, {
    Code: 'ConditionalCheckFailed',
    Message: 'The conditional request failed',
    Item,
  });
  const failed: WritesFailed = await write([PUT, PUT]).catch((error) => error);
  expect(failed.code).toBe('writes_failed');
  const refused = failed.cause as WritesRefused;
  expect(refused.code).toBe('writes_refused');
  expect(refused.refusals).toEqual([
    { index: 1, code: 'ConditionalCheckFailed', message: 'The conditional request failed', item: Item },
  ]);
  expect(refused.message).toContain('[1] ConditionalCheckFailed: The conditional request failed');
  expect(endpoint.calls).toHaveLength(1);
});

test.each([
  ['the record', [CONFLICT, NONE]],
  ['a write of the handler', [NONE, { Code: 'ThrottlingError' }]],
])('that others are in the way of is tried again, with another token: %s', async (_, reasons) => {
  endpoint.script = (call, response) => {
    const isSecond = endpoint.calls.length === 2;
    (isSecond ? jsonAnswer(200, {}) : cancelled(...reasons))(call, response);
  };
  expect(await write()).toEqual({ written: true });
  const [first, second] = endpoint.calls.map((call) => inputOf(call).ClientRequestToken);
  expect(second).not.toBe(first);
  expect(writeIdOf(endpoint.calls[0])).toEqual(writeIdOf(endpoint.calls[1]));
});

test('that others stay in the way of fails: as the handler’s if it is about its writes, else as the table’s', async () => {
  endpoint.script = cancelled(NONE, CONFLICT);
  await expect(write()).rejects.toMatchObject({
    code: 'writes_failed',
    cause: { refusals: [{ index: 0, code: 'TransactionConflict' }] },
  });
  const { length } = endpoint.calls;
  expect(length).toBe(5);
  endpoint.script = cancelled(CONFLICT, NONE);
  await expect(write()).rejects.toMatchObject({ name: 'TransactionCanceledException' });
  expect(endpoint.calls).toHaveLength(2 * length);
});

test.each([
  ['ValidationException', 'writes_failed'],
  ['ResourceNotFoundException', 'writes_failed'],
  ['AccessDeniedException', 'writes_failed'],
  ['InternalServerError', undefined],
])('that fails as a whole is the handler’s fault if it can be: %s', async (name, code) => {
  endpoint.script = jsonAnswer(name === 'InternalServerError' ? 500 : 400, { __type: name, message: 'no' });
  await expect(write()).rejects.toMatchObject(code ? { code, cause: { name } } : { name });
});

test('has at most 99 writes beside that of the record', async () => {
  const most = Array.from({ length: DYNAMODB_MAX_TRANSACT_ITEMS - 1 }, () => PUT);
  expect(await write(most)).toEqual({ written: true });
  await expect(write([...most, PUT])).rejects.toMatchObject({
    code: 'writes_failed',
    cause: { message: expect.stringContaining("at most 99 writes, beside the record's, got 100") },
  });
  const noArray = store.writeWith(RECORD, JSON.parse('{"dynamodb":{"Put":{}}}'));
  await expect(noArray).rejects.toMatchObject({
    cause: { message: expect.stringContaining('must be an array') },
  });
});
