import { connect } from 'node:net';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { messageOf, serializeError, summarizeError } from '../../../lib/core/base/serialize-error.ts';

test('an error is described with its name and stack, ours with its code', () => {
  expect(serializeError(new TypeError('no'))).toMatchObject({
    name: 'TypeError',
    message: 'no',
    code: undefined,
  });
  const error = new PermanentError('no', { code: 'order_unknown' });
  expect(serializeError(error)).toEqual({
    name: 'PermanentError',
    message: 'no',
    code: 'order_unknown',
    stack: error.stack,
  });
});

test.each([
  [undefined, 'a undefined was thrown: undefined'],
  [null, 'a object was thrown: null'],
  ['oh', 'a string was thrown: oh'],
  [5n, 'a bigint was thrown: 5'],
  [Symbol('s'), 'a symbol was thrown: Symbol(s)'],
  [Object.create(null), 'a value of type object without a text form was thrown'],
  [
    {
      toString() {
        throw new Error('no text');
      },
    },
    'a value of type object without a text form was thrown',
  ],
])('what is no error is described too', (thrown, message) => {
  expect(serializeError(thrown)).toEqual({ name: 'NonError', message });
});

test('an error that throws when it is looked at is described all the same', () => {
  const hostile = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('not to be looked at');
    },
  });
  expect(serializeError(hostile).name).toBe('NonError');
});

test('an error whose members are no text is described by texts, which can always be logged', () => {
  const unwritable = {
    toJSON() {
      throw new Error('not to be written');
    },
  };
  const error = Object.assign(new Error('x'), { name: 5, message: unwritable });
  expect(serializeError(error)).toMatchObject({ name: '5', message: '[object Object]' });
});

describe('D1: the causes of an error', () => {
  test('are described with their codes and stacks', () => {
    const root = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    const error = new TypeError('fetch failed', { cause: root });
    expect(serializeError(error)).toEqual({
      name: 'TypeError',
      message: 'fetch failed',
      stack: error.stack,
      cause: { name: 'Error', message: root.message, code: 'ECONNREFUSED', stack: root.stack },
    });
    expect(messageOf(error)).toBe('fetch failed: connect ECONNREFUSED 127.0.0.1:9');
    expect(summarizeError(error)).toEqual({
      name: 'TypeError',
      message: 'fetch failed: connect ECONNREFUSED 127.0.0.1:9',
      code: 'ECONNREFUSED',
      frame: 'serialize-error.test.ts',
    });
  });

  test('of a connection that all addresses refuse are those of its addresses: its own message is empty', async () => {
    const refused = await new Promise<unknown>((resolve) => {
      const lookup = (
        _: string,
        __: object,
        found: (error: null, addresses: { address: string; family: number }[]) => void,
      ) => {
        const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
        found(null, addresses);
      };
      connect({ host: 'refused.test', port: 9, autoSelectFamily: true, lookup }).once('error', resolve);
    });
    expect(refused).toMatchObject({ message: '' });
    expect(messageOf(new TypeError('fetch failed', { cause: refused }))).toBe(
      'fetch failed: connect ECONNREFUSED 127.0.0.1:9; connect ECONNREFUSED 127.0.0.2:9',
    );
    expect(serializeError(refused)).toMatchObject({
      code: 'ECONNREFUSED',
      errors: [{ message: 'connect ECONNREFUSED 127.0.0.1:9' }, { code: 'ECONNREFUSED' }],
    });
  });

  test.each([
    [new Error('', { cause: 'text' }), 'a string was thrown: text'],
    [new Error('outer', { cause: new Error('inner', { cause: new Error('root') }) }), 'outer: inner: root'],
    [new Error('outer: inner', { cause: new Error('inner') }), 'outer: inner'],
    [Object.assign(new Error(''), { code: 'EPIPE' }), 'EPIPE'],
    [new RangeError(''), 'RangeError'],
    ['text', 'text'],
    [5n, 'a bigint was thrown: 5'],
    [
      runInNewContext('new TypeError("of another realm", { cause: new Error("there") })'),
      'of another realm: there',
    ],
    [new Error(`${'x'.repeat(5_000)}`, { cause: new Error('root') }), `${'x'.repeat(199)}…: root`],
  ])('%o have one message', (error, message) => {
    expect(messageOf(error)).toBe(message);
  });

  test('may go round in a circle', () => {
    const one = new Error('one');
    const other = new AggregateError([one], 'other', { cause: one });
    one.cause = other;
    expect(messageOf(one)).toBe('one: other');
  });
});

describe('D2: whatever is thrown, its description is a few KB', () => {
  const long = 'x'.repeat(20_000_000);
  const chain = (depth: number): Error =>
    new AggregateError(
      depth === 0 ? [] : Array.from({ length: 8 }, () => chain(depth - 1)),
      long.slice(0, 50_000),
    );
  const deep = Array.from({ length: 10_000 }).reduce<Error>(
    (cause) => new Error('deeper', { cause }),
    new Error('root'),
  );

  test.each([
    ['a long message', new Error(long)],
    ['a long text', long],
    ['a long name', Object.assign(new Error('x'), { name: long })],
    ['a long code', Object.assign(new Error('x'), { code: long })],
    ['a message assigned later', Object.assign(new Error('x'), { message: long })],
    ['many long causes', chain(3)],
    ['a long row of causes', deep],
  ])('%s', (_, thrown) => {
    expect(JSON.stringify(serializeError(thrown)).length).toBeLessThan(8_000);
    expect(messageOf(thrown).length).toBeLessThanOrEqual(1_000);
    expect(JSON.stringify(summarizeError(thrown)).length).toBeLessThan(1_000);
  });

  test('the frames of its stack are kept', () => {
    expect(serializeError(new Error(long)).stack).toMatch(
      /^Error: x{199}…\n {4}at .*serialize-error\.test\.ts/,
    );
  });
});
