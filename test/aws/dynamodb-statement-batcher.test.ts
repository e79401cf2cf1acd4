import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatementBatcher } from '../../lib/aws/dynamodb-statement-batcher.ts';
import { executing, type SentStatement, statementError, statementsOf } from '../support/partiql.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let endpoint: ScriptedEndpoint;
let batcher: StatementBatcher;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(executing()).start();
  batcher = new StatementBatcher(new DynamoDBClient({ ...clientConfig(endpoint.url), maxAttempts: 2 }));
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function keys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `k-${index}`);
}

function execute(key: string, value = '') {
  return batcher.execute(key, { Statement: 'UPDATE', Parameters: [{ S: key }, { S: value }] });
}

function keyOf({ Parameters: [key] }: SentStatement): string {
  return key?.S ?? '';
}

/** Keys of the statements of each call so far, sorted: calls made at the same time arrive in any order. */
function sent(): string[][] {
  return endpoint.calls.map((call) => statementsOf(call).map(keyOf)).toSorted();
}

describe('statements of one turn of the event loop', () => {
  test('share a call, and each gets its own item', async () => {
    endpoint.script = executing((statement) => ({ Item: { pk: { S: keyOf(statement) } } }));
    const items = await Promise.all(keys(10).map((key) => execute(key)));
    expect(items).toEqual(keys(10).map((key) => ({ pk: { S: key } })));
    expect(sent()).toEqual([keys(10)]);
  });

  test('share one though some were asked for some promises later', async () => {
    const later = async (key: string, promises: number) => {
      for (let promise = 0; promise < promises; promise++) await undefined;
      return execute(key);
    };
    await Promise.all(keys(10).map((key, index) => later(key, index * 5)));
    expect(sent()).toEqual([keys(10)]);
  });

  test('are sent in calls of 25', async () => {
    await Promise.all(keys(60).map((key) => execute(key)));
    expect(sent()).toEqual([keys(60).slice(0, 25), keys(60).slice(25, 50), keys(60).slice(50)]);
  });

  test('are sent in calls of a MiB, and larger ones alone', async () => {
    const value = (kilobytes: number) => '漢'.repeat((kilobytes * 1_024) / 3);
    await Promise.all([
      execute('a', value(399)),
      execute('b', value(399)),
      execute('c', value(399)),
      execute('d', value(1_200)),
      execute('e', value(399)),
    ]);
    expect(sent()).toEqual([['a', 'b'], ['c'], ['d'], ['e']]);
  });

  test('are sent in different calls when they are about one item', async () => {
    await Promise.all(['a', 'b', 'a', 'c', 'a'].map((key) => execute(key)));
    expect(sent()).toEqual([['a'], ['a', 'b'], ['a', 'c']]);
  });
});

test('a statement that comes alone is sent alone', async () => {
  await execute('a');
  await execute('b');
  expect(sent()).toEqual([['a'], ['b']]);
});

describe('a statement that fails', () => {
  test('fails alone, with its own item', async () => {
    const item = { pk: { S: 'k-1' }, revision: { N: '4' } };
    const errors: Record<string, object> = {
      'k-1': statementError('ConditionalCheckFailed', item),
      'k-2': statementError('ValidationError'),
      'k-3': statementError('AccessDenied'),
    };
    endpoint.script = executing((statement) => errors[keyOf(statement)] ?? {});
    const results = await Promise.allSettled(keys(5).map((key) => execute(key)));
    expect(results).toEqual([
      { status: 'fulfilled', value: undefined },
      { status: 'rejected', reason: expect.objectContaining({ code: 'ConditionalCheckFailed', item }) },
      { status: 'rejected', reason: expect.objectContaining({ code: 'ValidationError', item: undefined }) },
      { status: 'rejected', reason: expect.objectContaining({ code: 'AccessDenied' }) },
      { status: 'fulfilled', value: undefined },
    ]);
    expect(endpoint.calls).toHaveLength(1);
  });

  test.each([
    'ThrottlingError',
    'ProvisionedThroughputExceeded',
    'RequestLimitExceeded',
    'TransactionConflict',
    'InternalServerError',
  ])('for a reason that may pass is executed again by itself: %s', async (code) => {
    endpoint.script = executing((statement) =>
      endpoint.calls.length === 1 && keyOf(statement) === 'k-1' ? statementError(code) : {},
    );
    await Promise.all(keys(3).map((key) => execute(key)));
    expect(sent()).toEqual([keys(3), ['k-1']]);
  });

  test('again and again is given up after three attempts, and the others are done meanwhile', async () => {
    endpoint.script = executing((statement) =>
      keyOf(statement) === 'k-1' ? statementError('ThrottlingError') : {},
    );
    const [first, second] = await Promise.allSettled(keys(2).map((key) => execute(key)));
    expect(first).toEqual({ status: 'fulfilled', value: undefined });
    expect(second).toMatchObject({ reason: { name: 'StatementFailed', code: 'ThrottlingError' } });
    expect(sent()).toEqual([keys(2), ['k-1'], ['k-1']]);
  });

  test('that makes the whole call invalid fails alone', async () => {
    endpoint.script = (call, response) => {
      const isInvalid = statementsOf(call).some((statement) => keyOf(statement) === 'k-1');
      const script = isInvalid
        ? jsonAnswer(400, { __type: 'ValidationException', message: 'no such type' })
        : executing();
      script(call, response);
    };
    const results = await Promise.allSettled(keys(3).map((key) => execute(key)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { name: 'ValidationException' } });
    expect(sent()).toEqual([['k-0'], keys(3), ['k-1'], ['k-2']]);
  });
});

describe('a call that fails', () => {
  test('fails all its statements, and is not repeated statement by statement', async () => {
    endpoint.script = jsonAnswer(400, { __type: 'ResourceNotFoundException', message: 'no such table' });
    const results = await Promise.allSettled(keys(3).map((key) => execute(key)));
    expect(results).toMatchObject(keys(3).map(() => ({ reason: { name: 'ResourceNotFoundException' } })));
    expect(endpoint.calls).toHaveLength(1);
  });

  test('and is answered when the SDK makes it again fails none', async () => {
    endpoint.script = (call, response) => {
      if (endpoint.calls.length === 1) response.destroy();
      else executing()(call, response);
    };
    await Promise.all(keys(3).map((key) => execute(key)));
    expect(sent()).toEqual([keys(3), keys(3)]);
  });

  test('does not hold up the next', async () => {
    endpoint.script = jsonAnswer(400, { __type: 'ResourceNotFoundException', message: 'no such table' });
    await expect(execute('a')).rejects.toThrow('no such table');
    endpoint.script = executing();
    expect(await execute('a')).toBeUndefined();
  });

  test('for want of an answer to a statement rejects that statement', async () => {
    endpoint.script = jsonAnswer(200, { Responses: [{}] });
    const results = await Promise.allSettled(keys(2).map((key) => execute(key)));
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      { reason: { message: 'DynamoDB answered 1 of 2 statements' } },
    ]);
  });
});
