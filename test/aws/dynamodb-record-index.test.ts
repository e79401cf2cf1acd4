import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listRequests } from '../../lib/api/list-requests.ts';
import { DynamoDbRecordIndex } from '../../lib/aws/dynamodb-record-index.ts';
import { type Item, itemOf } from '../../lib/aws/record-item.ts';
import { ENGINE_DEFAULTS } from '../../lib/core/config/engine-settings.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { FixedRandom } from '../support/fixed-random.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { START, TestClock } from '../support/test-clock.ts';

/** What DynamoDB answers to a call of a kind, the nth of its kind from 1. */
type Answers = Record<'Query' | 'BatchGetItem', (input: CallInput, nth: number) => unknown>;

/** What tests look at of a call. */
interface CallInput {
  readonly ExpressionAttributeValues: { readonly ':list': { readonly S: string } };
  readonly ExclusiveStartKey?: unknown;
  readonly RequestItems: { readonly requests: { readonly Keys: readonly Item[] } };
}

let endpoint: ScriptedEndpoint;
let index: DynamoDbRecordIndex;
let clock: TestClock;
let random: FixedRandom;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(200, {})).start();
  clock = new TestClock();
  random = new FixedRandom(0);
  index = new DynamoDbRecordIndex(
    new DynamoDBClient(clientConfig(endpoint.url)),
    'requests',
    clock,
    random.next,
  );
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function inputsOf(operation: string) {
  const calls = endpoint.calls.filter(({ headers }) => headers['x-amz-target'] === targetOf(operation));
  return calls.map(({ body }) => JSON.parse(String(body)));
}

function targetOf(operation: string): string {
  return `DynamoDB_20120810.${operation}`;
}

function answerWith(answers: Answers): void {
  endpoint.script = (call, response) => {
    const operation = call.headers['x-amz-target'] === targetOf('Query') ? 'Query' : 'BatchGetItem';
    const answer = answers[operation](JSON.parse(String(call.body)), inputsOf(operation).length);
    jsonAnswer(200, answer)(call, response);
  };
}

function recordOf(id: string, createdAt: number): RequestRecord {
  return { request: { id, source: '' }, status: 'queued', attempts: 0, createdAt, updatedAt: createdAt };
}

function storedItem(record: RequestRecord): Item {
  return itemOf({ record, revision: 1, keptUntil: START + 60_000 });
}

function keysOf({ pk, list, position }: Item): Item {
  return { pk: pk ?? fail(), list: list ?? fail(), position: position ?? fail() };
}

/** An index with entries, whose table answers as `read` says. */
function indexed(entries: readonly Item[], read: Answers['BatchGetItem']): void {
  answerWith({
    Query: ({ ExpressionAttributeValues }) => ({
      Items: entries.filter(({ list }) => list?.S === ExpressionAttributeValues[':list'].S).map(keysOf),
    }),
    BatchGetItem: read,
  });
}

const RECORDS = Array.from({ length: 6 }, (_, nth) => recordOf(`r-${nth}`, START - nth));
const ITEMS = RECORDS.map(storedItem);

function itemsWith(keys: readonly Item[]): Item[] {
  return ITEMS.filter(({ pk }) => keys.some((key) => key.pk?.S === pk?.S));
}

describe('a page', () => {
  test('asks each list of the tenant for one more than the limit, newest first', async () => {
    await index.list({ tenant: 'acme', limit: 20, after: '2026-01-31T12:00:00.000Z#0' });
    const inputs = inputsOf('Query');
    expect(inputs.map((input) => input.ExpressionAttributeValues[':list'].S).sort()).toEqual(
      [...'0123456789abcdef'].map((shard) => `223b8273be83397e09ce2c44d3c402b5#${shard}`),
    );
    expect(inputs[0]).toMatchObject({
      TableName: 'requests',
      IndexName: 'newest',
      KeyConditionExpression: '#list = :list AND #position < :after',
      ExpressionAttributeNames: { '#list': 'list', '#position': 'position' },
      ExpressionAttributeValues: { ':after': { S: '2026-01-31T12:00:00.000Z#0' } },
      ScanIndexForward: false,
      Limit: 21,
    });
    expect(endpoint.calls).toHaveLength(16);
  });

  test('E18: of one status takes 48 queries and 3 reads at most', async () => {
    const many = Array.from({ length: 130 }, (_, nth) => storedItem(recordOf(`m-${nth}`, START - nth)));
    indexed(many, () => ({ Responses: { requests: many.slice(0, 100) } }));
    const { records, next } = await listRequests(
      index,
      { limit: 1, status: 'expired' },
      ENGINE_DEFAULTS,
      START,
    );
    expect(records).toEqual([]);
    expect(next).toBeDefined();
    expect(inputsOf('Query')).toHaveLength(48);
    expect(inputsOf('BatchGetItem')).toHaveLength(3);
  });

  test('has as many as one call reads, however large the limit', async () => {
    const many = Array.from({ length: 130 }, (_, nth) => storedItem(recordOf(`m-${nth}`, START - nth)));
    indexed(many, () => ({}));
    const { next } = await index.list({ limit: 1_000 });
    expect(inputsOf('Query')[0]).toMatchObject({ Limit: 101 });
    const [{ RequestItems }] = inputsOf('BatchGetItem');
    expect(RequestItems.requests.Keys).toEqual(many.slice(0, 100).map(({ pk }) => ({ pk })));
    expect(next).toBe(many[99]?.position?.S);
  });

  test('is read on where an answer ends early', async () => {
    const [first = fail(), second = fail()] = ITEMS;
    answerWith({
      Query: ({ ExpressionAttributeValues, ExclusiveStartKey }) => {
        if (ExpressionAttributeValues[':list'].S !== first.list?.S) return { Items: [] };
        return ExclusiveStartKey
          ? { Items: [keysOf(second)] }
          : { Items: [keysOf(first)], LastEvaluatedKey: keysOf(first) };
      },
      BatchGetItem: ({ RequestItems }) => ({
        Responses: { requests: itemsWith(RequestItems.requests.Keys) },
      }),
    });
    expect(await index.list({ limit: 5 })).toEqual({ records: RECORDS.slice(0, 2) });
  });

  test('keeps the order whatever the order records are read in', async () => {
    indexed(ITEMS, () => ({ Responses: { requests: [...ITEMS].reverse() } }));
    expect(await index.list({ limit: 10 })).toEqual({ records: RECORDS });
  });

  test('reads a record once, and has it where it stands now, while the index lags behind', async () => {
    const anew = storedItem(recordOf('r-5', START + 1));
    indexed([anew, ...ITEMS], () => ({ Responses: { requests: [anew, ...ITEMS.slice(0, 5)] } }));
    const { records } = await index.list({ limit: 10 });
    expect(inputsOf('BatchGetItem')[0].RequestItems.requests.Keys).toHaveLength(6);
    expect(records).toEqual([recordOf('r-5', START + 1), ...RECORDS.slice(0, 5)]);
  });

  test('leaves out what was dropped since', async () => {
    indexed(ITEMS, () => ({ Responses: { requests: ITEMS.slice(1) } }));
    expect(await index.list({ limit: 10 })).toEqual({ records: RECORDS.slice(1) });
  });

  test('fails when a list can’t be read', async () => {
    endpoint.script = jsonAnswer(400, { __type: 'ResourceNotFoundException', message: 'no such table' });
    await expect(index.list({ limit: 10 })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('records DynamoDB leaves out of an answer', () => {
  /** Answers with two records a call. */
  function inPairs({ RequestItems }: CallInput) {
    const { Keys } = RequestItems.requests;
    return {
      Responses: { requests: itemsWith(Keys.slice(0, 2)) },
      UnprocessedKeys: Keys.length > 2 ? { requests: { Keys: Keys.slice(2) } } : {},
    };
  }

  test('are asked for again, and only they', async () => {
    indexed(ITEMS, inPairs);
    expect(await index.list({ limit: 10 })).toEqual({ records: RECORDS });
    const asked = inputsOf('BatchGetItem').map(({ RequestItems }) => RequestItems.requests.Keys.length);
    expect(asked).toEqual([6, 4, 2]);
  });

  test('are asked for after a wait that doubles', async () => {
    random.value = 1;
    indexed(ITEMS, inPairs);
    const begin = performance.now();
    await index.list({ limit: 10 });
    expect(performance.now() - begin).toBeGreaterThan(145);
  });

  test('again and again make the call fail', async () => {
    indexed(ITEMS, ({ RequestItems }) => ({
      Responses: { requests: [] },
      UnprocessedKeys: { requests: { Keys: RequestItems.requests.Keys } },
    }));
    await expect(index.list({ limit: 10 })).rejects.toThrow('6 of 6 items are missing in 5 responses');
    expect(inputsOf('BatchGetItem')).toHaveLength(5);
  });
});

function fail(): never {
  throw new Error('nothing there');
}
