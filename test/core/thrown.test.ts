import { expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/errors.ts';
import { describeThrown } from '../../lib/core/thrown.ts';

test('an error is described with its name and stack, ours with its code', () => {
  expect(describeThrown(new TypeError('no'))).toMatchObject({
    name: 'TypeError',
    message: 'no',
    code: undefined,
  });
  const error = new PermanentError('no', { code: 'order_unknown' });
  expect(describeThrown(error)).toEqual({
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
  [Object.create(null), 'a object was thrown that has no text'],
  [
    {
      toString() {
        throw new Error('no text');
      },
    },
    'a object was thrown that has no text',
  ],
])('what is no error is described too', (thrown, message) => {
  expect(describeThrown(thrown)).toEqual({ name: 'NonError', message });
});

test('an error that throws when it is looked at is described all the same', () => {
  const hostile = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('not to be looked at');
    },
  });
  expect(describeThrown(hostile).name).toBe('NonError');
});

test('an error whose members are no text is described by texts, which can always be logged', () => {
  const unwritable = {
    toJSON() {
      throw new Error('not to be written');
    },
  };
  const error = Object.assign(new Error('x'), { name: 5, message: unwritable });
  expect(describeThrown(error)).toMatchObject({ name: '5', message: '[object Object]' });
});
