import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DynamoDbOutboxItems, type ItemKey } from '../../lib/aws/dynamodb-outbox-items.ts';
import {
  clientConfig,
  jsonAnswer,
  type ReceivedCall,
  type Script,
  ScriptedEndpoint,
} from '../support/scripted-endpoint.ts';

type Requests = { readonly DeleteRequest: { readonly Key: ItemKey } }[];

let endpoint: ScriptedEndpoint;
let table: DynamoDbOutboxItems;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(leaving(() => false)).start();
  table = new DynamoDbOutboxItems(
    new DynamoDBClient({ ...clientConfig(endpoint.url), maxAttempts: 1 }),
    'outbox',
  );
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function requestsIn({ body }: ReceivedCall): Requests {
  return JSON.parse(body.toString()).RequestItems.outbox;
}

function idsIn(call: ReceivedCall): (string | undefined)[] {
  return requestsIn(call).map(({ DeleteRequest }) => DeleteRequest.Key.id?.S);
}

/** Deletes some, and leaves the others, whose keys come back in another order of their members. */
function leaving(isLeft: (id: string | undefined, call: number) => boolean): Script {
  return (call, response) => {
    const left = requestsIn(call)
      .filter(({ DeleteRequest }) => isLeft(DeleteRequest.Key.id?.S, endpoint.calls.length))
      .map(({ DeleteRequest: { Key } }) => ({
        DeleteRequest: { Key: Object.fromEntries(Object.entries(Key).toReversed()) },
      }));
    jsonAnswer(200, { UnprocessedItems: left.length === 0 ? {} : { outbox: left } })(call, response);
  };
}

function keyOf(id: string): ItemKey {
  return { aggregateid: { S: 'order' }, id: { S: id } };
}

function keys(count: number): ItemKey[] {
  return Array.from({ length: count }, (_, nth) => keyOf(String(nth)));
}

test('deletes 25 rows a call', async () => {
  expect(await table.remove(keys(60))).toEqual(new Set());
  expect(endpoint.calls.map((call) => idsIn(call).length)).toEqual([25, 25, 10]);
});

test('deletes a row once that is named twice, which DynamoDB would refuse', async () => {
  expect(await table.remove([keyOf('1'), keyOf('2'), keyOf('1')])).toEqual(new Set());
  expect(endpoint.calls.map(idsIn)).toEqual([['1', '2']]);
});

test('deletes again what DynamoDB did not process', async () => {
  endpoint.script = leaving((id, call) => id !== '0' && call < 3);
  expect(await table.remove(keys(3))).toEqual(new Set());
  expect(endpoint.calls.map(idsIn)).toEqual([
    ['0', '1', '2'],
    ['1', '2'],
    ['1', '2'],
  ]);
});

test('says what DynamoDB never processed, under all its names', async () => {
  endpoint.script = leaving((id) => id === '1');
  const given = [...keys(3), keyOf('1')];
  expect(await table.remove(given)).toEqual(new Set([given[1], given[3]]));
  expect(endpoint.calls).toHaveLength(3);
});

test('says that all rows of a failed call may be left, and deletes the others', async () => {
  endpoint.script = (call, response) => {
    if (idsIn(call).includes('0')) response.writeHead(500).end('{}');
    else jsonAnswer(200, { UnprocessedItems: {} })(call, response);
  };
  const given = keys(30);
  expect(await table.remove(given)).toEqual(new Set(given.slice(0, 25)));
});
