import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { PermanentError } from '../../lib/core/errors.ts';
import { failure } from '../../lib/core/outcome.ts';
import type { StoredRecord } from '../../lib/core/ports.ts';
import { ISSUER_MAX_LENGTH, REQUEST_ID_MAX_LENGTH } from '../../lib/core/request-id.ts';
import { RECORDED_RESULT_BYTES } from '../../lib/core/settings.ts';
import { summarizeThrown } from '../../lib/core/thrown.ts';
import { inlineOutcome, outcomeOf } from '../support/outcomes.ts';
import {
  clientConfig,
  conditionRefused,
  jsonAnswer,
  type ReceivedCall,
  ScriptedEndpoint,
} from '../support/scripted-endpoint.ts';
import { updatedItem } from '../support/updated-item.ts';

const RECORD: StoredRecord = {
  record: {
    request: { id: 'r-1', issuer: '' },
    status: 'queued',
    attempts: 0,
    createdAt: 1_000,
    updatedAt: 1_000,
  },
  revision: 1,
  keptUntil: 2_000,
};

let endpoint: ScriptedEndpoint;
let store: DynamoDbRecordStore;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(200, {})).start();
  const client = new DynamoDBClient({ ...clientConfig(endpoint.url), maxAttempts: 2 });
  store = new DynamoDbRecordStore(client, 'requests');
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function sentBy({ body }: ReceivedCall) {
  return JSON.parse(String(body));
}

/** The first call has its effect and no answer; to the second the table says what is there. */
function answerLost(inTheWay: (first: unknown) => unknown) {
  endpoint.script = (call, response) => {
    const [first] = endpoint.calls;
    if (endpoint.calls.length === 1) response.destroy();
    else if (first) conditionRefused(inTheWay(updatedItem(first)))(call, response);
  };
}

describe('a write', () => {
  test('is one conditional update, which asks for what is in its way', async () => {
    expect(await store.write(RECORD)).toEqual({ written: true });
    expect(await store.write({ ...RECORD, revision: 7 })).toEqual({ written: true });
    expect(endpoint.calls.map(({ headers }) => headers['x-amz-target'])).toEqual([
      'DynamoDB_20120810.UpdateItem',
      'DynamoDB_20120810.UpdateItem',
    ]);
    const [first, later] = endpoint.calls.map(sentBy);
    expect(first).toMatchObject({
      TableName: 'requests',
      ExpressionAttributeValues: { ':revision': { N: '1' }, ':ttl': { N: '2' } },
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(later).toMatchObject({
      ConditionExpression: '#revision = :latest',
      ExpressionAttributeNames: { '#revision': 'revision' },
      ExpressionAttributeValues: { ':revision': { N: '7' }, ':latest': { N: '6' } },
    });
  });

  test('whose answer was lost is made again, and counts as written when it finds itself', async () => {
    answerLost((first) => first);
    expect(await store.write(RECORD)).toEqual({ written: true });
    expect(endpoint.calls).toHaveLength(2);
  });

  test('whose answer was lost is refused when another of the same content came first', async () => {
    answerLost((first) => Object.assign({}, first, { writeId: { S: 'of another' } }));
    expect(await store.write(RECORD)).toEqual({ written: false, stored: RECORD });
  });

  test('that nothing is in the way of, and yet it is refused, follows one that was dropped', async () => {
    endpoint.script = conditionRefused(undefined);
    expect(await store.write({ ...RECORD, revision: 2 })).toEqual({ written: false, stored: undefined });
  });

  test('that fails for another reason says so', async () => {
    endpoint.script = jsonAnswer(400, { __type: 'ResourceNotFoundException', message: 'no such table' });
    await expect(store.write(RECORD)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('a read', () => {
  test('sees every write before it', async () => {
    await store.write(RECORD);
    const Item = updatedItem(endpoint.calls[0] ?? fail());
    endpoint.script = jsonAnswer(200, { Item });
    expect(await store.read(RECORD.record.request)).toEqual(RECORD);
    expect(sentBy(endpoint.calls[1] ?? fail())).toEqual({
      TableName: 'requests',
      Key: { pk: Item.pk },
      ConsistentRead: true,
    });
  });
});

describe('an item', () => {
  /** The lists and positions are made of digests as those of `printf '["list","acme"]' | sha256sum` are. */
  test.each([
    [
      undefined,
      'd3cca28df0a4b4d417723869e5aad6cd#5',
      '1970-01-01T00:00:01.000Z#59c4d901323f07907c28861e09336788',
    ],
    [
      'acme',
      '223b8273be83397e09ce2c44d3c402b5#9',
      '1970-01-01T00:00:01.000Z#962b7050bcfd4e366bbf973154bd67e2',
    ],
  ])('is listed among those of the tenant %s, whatever becomes of it', async (tenant, list, position) => {
    const request = { ...RECORD.record.request, ...(tenant === undefined ? {} : { tenant }) };
    const record = { ...RECORD.record, request };
    await store.write({ ...RECORD, record });
    const outcome = inlineOutcome('42', 'application/json', { request });
    const ended = { ...record, status: 'succeeded' as const, attempts: 3, updatedAt: 9_000, outcome };
    await store.write({ record: ended, revision: 2, keptUntil: 99_000 });
    for (const item of endpoint.calls.map(updatedItem)) {
      expect(item).toMatchObject({ list: { S: list }, position: { S: position } });
    }
  });

  /** As DynamoDB counts: names and values in UTF-8. */
  async function bytesOf(written: StoredRecord): Promise<number> {
    await store.write(written);
    const item = updatedItem(endpoint.calls.at(-1) ?? fail());
    const texts = Object.entries<Record<string, string>>(item).flatMap(([name, value]) => [
      name,
      ...Object.values(value),
    ]);
    return Buffer.byteLength(texts.join(''));
  }

  test('is within the KiB a write costs once, for a usual request', async () => {
    const id = crypto.randomUUID();
    const outcome = inlineOutcome('{"product":42}', 'application/json', { request: { id, issuer: '' } });
    const record = { ...RECORD.record, request: { id, issuer: '' }, outcome };
    expect(await bytesOf({ ...RECORD, record })).toBeLessThan(1_024);
  });

  test('is far below the 400 KB an item may have, whatever a sender and a handler choose', async () => {
    const long = (length: number) => '漢'.repeat(length);
    const request = {
      id: long(REQUEST_ID_MAX_LENGTH),
      issuer: long(ISSUER_MAX_LENGTH),
      tenant: long(REQUEST_ID_MAX_LENGTH),
    };
    const error = new PermanentError(long(1_000_000), { details: long(32_000) });
    const given = { request, lastError: summarizeThrown(new Error(long(1_000_000))) };
    const failed = outcomeOf(failure(error, 5), { request });
    expect(
      await bytesOf({ ...RECORD, record: { ...RECORD.record, ...given, outcome: failed } }),
    ).toBeLessThan(200_000);
    const largest = inlineOutcome(Buffer.alloc(RECORDED_RESULT_BYTES), 'application/json', { request });
    expect(
      await bytesOf({ ...RECORD, record: { ...RECORD.record, ...given, outcome: largest } }),
    ).toBeLessThan(50_000);
  });
});

function fail(): never {
  throw new Error('no call was made');
}

describe('C3: what is noted of a webhook', () => {
  const item = {
    record: { S: JSON.stringify(RECORD.record) },
    revision: { N: '1' },
    ttl: { N: '2' },
    webhookEndedAt: { N: '5' },
    webhookAt: { N: '6' },
  };

  test.each([
    ['no JSON', { webhook: { S: '{"status":' } }],
    ['another type', { webhook: { S: '[]' } }],
    ['an unknown status', { webhook: { S: '{"status":"sent","attempts":1}' } }],
    ['no number of attempts', { webhook: { S: '{"status":"failing"}' } }],
    ['a time that is none', { webhook: { S: '{"status":"failing","attempts":1}' }, webhookAt: { N: 'x' } }],
  ])('locks no record when it is %s', async (_, noted) => {
    endpoint.script = jsonAnswer(200, { Item: { ...item, ...noted } });
    const stored = await store.read({ id: 'r-1', issuer: '' });
    expect(stored?.record).toEqual(RECORD.record);
  });

  test('is read when it is whole', async () => {
    const noted = { webhook: { S: '{"status":"failing","attempts":2,"reason":"503","nextAttemptAt":9}' } };
    endpoint.script = jsonAnswer(200, { Item: { ...item, ...noted } });
    const webhook = { status: 'failing', attempts: 2, reason: '503', nextAttemptAt: 9, endedAt: 5, at: 6 };
    expect((await store.read({ id: 'r-1', issuer: '' }))?.record.webhook).toEqual(webhook);
  });
});
