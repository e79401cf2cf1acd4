import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { Statement } from '../../../lib/stores/sqlite/statement.ts';

const database = new DatabaseSync(':memory:');

test('binds parameters by their names, in any order and more than once', () => {
  const statement = new Statement(database, 'SELECT :one || :other || :one AS text, :number + 1 AS next');
  expect(statement.get({ other: 'b', number: 1, one: 'a', unused: 0 })).toEqual({ text: 'aba', next: 2 });
  expect(statement.all({ one: 'c', other: 'd', number: 2 })).toEqual([{ text: 'cdc', next: 3 }]);
});

test('refuses to run without the value of a parameter', () => {
  const statement = new Statement(database, 'SELECT :one');
  expect(() => statement.run()).toThrow(new TypeError('The parameter :one has no value'));
});
