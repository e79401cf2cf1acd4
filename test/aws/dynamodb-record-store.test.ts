import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { summarizeError } from '../../lib/core/base/serialize-error.ts';
import { RECORDED_RESULT_BYTES } from '../../lib/core/config/receive-budget.ts';
import { REQUEST_ID_MAX_LENGTH } from '../../lib/core/model/chosen-id.ts';
import { failure } from '../../lib/core/model/outcome.ts';
import { SOURCE_MAX_LENGTH } from '../../lib/core/model/request-id.ts';
import type { StoredRecord } from '../../lib/core/ports/record-store.ts';
import { inlineOutcome, outcomeOf } from '../support/outcomes.ts';
import {
  executing,
  type ReadStatement,
  readStatement,
  type SentStatement,
  statementError,
  statementsOf,
  writtenItems,
} from '../support/partiql.ts';
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
  revision: 1,
  keptUntil: 2_000,
};

let endpoint: ScriptedEndpoint;
let store: DynamoDbRecordStore;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(executing()).start();
  const client = new DynamoDBClient({ ...clientConfig(endpoint.url), maxAttempts: 2 });
  store = new DynamoDbRecordStore(client, 'requests');
});
afterEach(() => endpoint[Symbol.asyncDispose]());

/** The statement of a call that has one. */
function statementOf(call: ReceivedCall | undefined): SentStatement {
  const [statement, ...others] = statementsOf(call ?? fail());
  expect(others).toEqual([]);
  return statement ?? fail();
}

/** The first call has its effect and no answer; the second is answered with what the first one wrote. */
function answerLost(answer: (first: ReadStatement['set']) => object) {
  endpoint.script = (call, response) => {
    const [first] = endpoint.calls;
    if (endpoint.calls.length === 1) response.destroy();
    else executing(() => answer(readStatement(statementOf(first)).set))(call, response);
  };
}

describe('a write', () => {
  test('is one conditional statement, which asks for what is in its way', async () => {
    expect(await store.write(RECORD)).toEqual({ written: true });
    expect(await store.write({ ...RECORD, revision: 7 })).toEqual({ written: true });
    expect(endpoint.calls.map(({ headers }) => headers['x-amz-target'])).toEqual([
      'DynamoDB_20120810.BatchExecuteStatement',
      'DynamoDB_20120810.BatchExecuteStatement',
    ]);
    const [first, later] = endpoint.calls.map(statementOf);
    expect(first).toMatchObject({
      Statement: `INSERT INTO "requests" VALUE {'pk': ?, 'list': ?, 'position': ?, 'record': ?, 'revision': ?, 'ttl': ?, 'writeId': ?}`,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(readStatement(first ?? fail()).set).toMatchObject({ revision: { N: '1' }, ttl: { N: '2' } });
    expect(later).toMatchObject({
      Statement:
        'UPDATE "requests" SET "list" = ? SET "position" = ? SET "record" = ? SET "revision" = ? SET "ttl" = ? SET "writeId" = ? REMOVE "outcome" REMOVE "failureList" REMOVE "failurePosition" REMOVE "failureTenant" WHERE "pk" = ? AND "revision" = ?',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(readStatement(later ?? fail())).toMatchObject({ set: { revision: { N: '7' } }, revision: '6' });
  });

  test('of an outcome keeps it, and a later one without an outcome removes it', async () => {
    const ended = { ...RECORD.record, outcome: inlineOutcome('42') };
    await store.write({ ...RECORD, record: ended, revision: 2 });
    await store.write({ ...RECORD, revision: 3 });
    const [kept, removed] = endpoint.calls.map((call) => readStatement(statementOf(call)));
    const failureKeys = ['failureList', 'failurePosition', 'failureTenant'];
    expect(kept).toMatchObject({ set: { outcome: { S: expect.any(String) } }, removed: failureKeys });
    expect(removed?.removed).toEqual(['outcome', ...failureKeys]);
  });

  describe('whose answer was lost is made again', () => {
    test.each([
      ['an update', 7, 'ConditionalCheckFailed'],
      ['an insert, where the service returns the item', 1, 'DuplicateItem'],
    ])('and counts as written when it finds itself: %s', async (_, revision, code) => {
      answerLost((first) => statementError(code, first));
      expect(await store.write({ ...RECORD, revision })).toEqual({ written: true });
      expect(endpoint.calls).toHaveLength(2);
    });

    test('and counts as written when the service returns no item, and it is read', async () => {
      answerLost((first) =>
        endpoint.calls.length === 2 ? statementError('DuplicateItem') : { Item: first },
      );
      expect(await store.write(RECORD)).toEqual({ written: true });
      expect(endpoint.calls).toHaveLength(3);
    });

    test('and is refused when another of the same content came first', async () => {
      answerLost((first) => statementError('DuplicateItem', { ...first, writeId: { S: 'of another' } }));
      expect(await store.write(RECORD)).toEqual({ written: false, stored: RECORD });
    });
  });

  test('of a record that is there already reads what is stored, if the service does not return it', async () => {
    await store.write(RECORD);
    const { set } = readStatement(statementOf(endpoint.calls[0]));
    endpoint.script = executing(({ Statement }) =>
      Statement.startsWith('INSERT') ? statementError('DuplicateItem') : { Item: set },
    );
    expect(await store.write(RECORD)).toEqual({ written: false, stored: RECORD });
    expect(statementOf(endpoint.calls.at(-1))).toMatchObject({ ConsistentRead: true });
  });

  test('of a record that was there and is dropped by the time it is read says that nothing is stored', async () => {
    endpoint.script = executing(({ Statement }) =>
      Statement.startsWith('INSERT') ? statementError('DuplicateItem') : {},
    );
    expect(await store.write(RECORD)).toEqual({ written: false, stored: undefined });
  });

  test('that nothing is in the way of, and yet it is refused, follows one that was dropped', async () => {
    endpoint.script = executing(() => statementError('ConditionalCheckFailed'));
    expect(await store.write({ ...RECORD, revision: 2 })).toEqual({ written: false, stored: undefined });
  });

  test.each(['ValidationError', 'AccessDenied', 'ItemCollectionSizeLimitExceeded', 'ResourceNotFound'])(
    'that fails for another reason says so: %s',
    async (code) => {
      endpoint.script = executing(() => statementError(code));
      await expect(store.write(RECORD)).rejects.toMatchObject({
        name: 'StatementFailed',
        code,
        message: `${code}: ${code}, it says`,
      });
      expect(endpoint.calls).toHaveLength(1);
    },
  );

  test('whose whole call fails rejects as the SDK does', async () => {
    endpoint.script = jsonAnswer(400, { __type: 'ResourceNotFoundException', message: 'no such table' });
    await expect(store.write(RECORD)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('a read', () => {
  test('sees every write before it', async () => {
    await store.write(RECORD);
    const { set: Item } = readStatement(statementOf(endpoint.calls[0]));
    endpoint.script = executing(() => ({ Item }));
    expect(await store.read(RECORD.record.request)).toEqual(RECORD);
    expect(statementOf(endpoint.calls[1])).toEqual({
      Statement: 'SELECT * FROM "requests" WHERE "pk" = ?',
      Parameters: [Item.pk],
      ConsistentRead: true,
    });
  });

  test('shares a call with other reads, and none with writes', async () => {
    const requests = ['r-1', 'r-2', 'r-3'].map((id) => ({ id, source: '' }));
    await Promise.all([...requests.map((request) => store.read(request)), store.write(RECORD)]);
    expect(
      endpoint.calls.map((call) => statementsOf(call).map(({ Statement }) => Statement.split(' ')[0])),
    ).toEqual([['SELECT', 'SELECT', 'SELECT'], ['INSERT']]);
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
    for (const item of endpoint.calls.flatMap(writtenItems)) {
      expect(item).toMatchObject({ list: { S: list }, position: { S: position } });
    }
  });

  /** As DynamoDB counts: names and values in UTF-8. */
  async function bytesOf(written: StoredRecord): Promise<number> {
    await store.write(written);
    const item = readStatement(statementOf(endpoint.calls.at(-1))).set;
    const texts = Object.entries(item).flatMap(([name, value]) => [name, ...Object.values(value)]);
    return Buffer.byteLength(texts.join(''));
  }

  test('is within the KiB a write costs once, for a usual request', async () => {
    const id = crypto.randomUUID();
    const outcome = inlineOutcome('{"product":42}', 'application/json', { request: { id, source: '' } });
    const record = { ...RECORD.record, request: { id, source: '' }, outcome };
    expect(await bytesOf({ ...RECORD, record })).toBeLessThan(1_024);
  });

  test('is far below the 400 KB an item may have, whatever a sender and a handler choose', async () => {
    const long = (length: number) => '漢'.repeat(length);
    const request = {
      id: long(REQUEST_ID_MAX_LENGTH),
      source: long(SOURCE_MAX_LENGTH),
      tenant: long(REQUEST_ID_MAX_LENGTH),
    };
    const error = new PermanentError(long(1_000_000), { details: long(32_000) });
    const given = { request, lastError: summarizeError(new Error(long(1_000_000))) };
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
    endpoint.script = executing(() => ({ Item: { ...item, ...noted } }));
    const stored = await store.read({ id: 'r-1', source: '' });
    expect(stored?.record).toEqual(RECORD.record);
  });

  test('is read when it is whole', async () => {
    const noted = { webhook: { S: '{"status":"failing","attempts":2,"reason":"503","nextAttemptAt":9}' } };
    endpoint.script = executing(() => ({ Item: { ...item, ...noted } }));
    const webhook = { status: 'failing', attempts: 2, reason: '503', nextAttemptAt: 9, endedAt: 5, at: 6 };
    expect((await store.read({ id: 'r-1', source: '' }))?.record.webhook).toEqual(webhook);
  });
});
