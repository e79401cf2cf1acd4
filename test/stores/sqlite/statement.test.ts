import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { Statement } from '../../../lib/stores/sqlite/statement.ts';

const database = new DatabaseSync(':memory:');

test('binds parameters by their names, in any order and more than once', () => {
  const statement = new Statement(database, 'SELECT :one || :other || :one AS text, :number + 1 AS next');
  expect(statement.get({ other: 'b', number: 1, one: 'a', unused: 0 })).toEqual({ text: 'aba', next: 2 });
  expect(statement.all({ one: 'c', other: 'd', number: 2 })).toEqual([{ text: 'cdc', next: 3 }]);
});

test('reads no row after the one that is accepted', () => {
  const statement = new Statement(
    database,
    'WITH RECURSIVE counted (n) AS (VALUES (:first) UNION ALL SELECT n + 1 FROM counted) SELECT n FROM counted',
  );
  // The rows have no end.
  expect(statement.find({ first: 2 }, ({ n }) => Number(n) > 4)).toEqual({ n: 5 });
  expect(statement.find({ first: 7 }, () => true)).toEqual({ n: 7 });
  const empty = new Statement(database, 'SELECT 1 AS n WHERE :is');
  expect(empty.find({ is: 0 }, () => true)).toBeUndefined();
});

test('refuses to run without the value of a parameter', () => {
  const statement = new Statement(database, 'SELECT :one');
  expect(() => statement.run()).toThrow(new TypeError('The parameter :one has no value'));
});
