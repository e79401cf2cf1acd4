import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { SqliteTransaction } from '../../../lib/core/ports/handler-writes.ts';
import type { StoredRecord } from '../../../lib/core/ports/record-store.ts';
import { HandlerTransactions } from '../../../lib/stores/sqlite/handler-transactions.ts';
import { SqliteRecordStore } from '../../../lib/stores/sqlite/record-store.ts';
import type { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';
import { openSqlite } from '../../support/sqlite.ts';

const TABLES = `
  CREATE TABLE app_values (value);
  CREATE TABLE app_names (name TEXT PRIMARY KEY);
  CREATE TABLE app_children (name TEXT REFERENCES app_names DEFERRABLE INITIALLY DEFERRED);
`;

function openMemory() {
  const database = new DatabaseSync(':memory:');
  database.exec(TABLES);
  const transactions = new HandlerTransactions(database);
  const run = (action: (tx: SqliteTransaction) => unknown) => {
    database.exec('BEGIN');
    try {
      const ended = transactions.run((tx) => ({ value: action(tx) }));
      if ('failed' in ended) throw ended.failed.cause;
      return ended.value;
    } finally {
      database.exec('COMMIT');
    }
  };
  const values = () => database.prepare('SELECT value, typeof(value) AS type FROM app_values').all();
  return { database, run, values };
}

const INSERT = 'INSERT INTO app_values VALUES (?)';

describe('a statement', () => {
  test.each([
    ['COMMIT'],
    ['/* now */ -- and then\n ROLLBACK'],
    ['BEGIN'],
    ['SAVEPOINT x'],
    ["ATTACH 'other.db' AS other"],
    ['PRAGMA user_version = 7'],
    ['DROP TABLE app_values'],
    [''],
  ])('that would end the transaction or change the file is refused: %s', (sql) => {
    const { run, values } = openMemory();
    expect(() =>
      run((tx) => {
        tx.run(INSERT, 1);
        tx.run(sql);
      }),
    ).toThrow('must begin with one of SELECT');
    expect(values()).toEqual([]);
  });

  test('that is followed by another one is refused, which node:sqlite would ignore', () => {
    const { run } = openMemory();
    expect(() => run((tx) => tx.run('DELETE FROM app_names; DELETE FROM app_values'))).toThrow(
      'one statement at a time, got another one: "DELETE FROM app_values"',
    );
    run((tx) => tx.run('DELETE FROM app_names; -- done'));
  });

  test.each<[string, unknown[], string]>([
    ['too few values', [], '1 parameters, got 0 values'],
    ['too many values', [1, 2], '1 parameters, got 2 values'],
    ['a date', [new Date(0)], 'got Date'],
    ['an object', [{}], 'got Object'],
    ['undefined', [undefined], 'got undefined'],
    ['a boolean', [true], 'got true'],
    ['what is no number', [Number.NaN], 'got NaN'],
  ])('takes no %s, which node:sqlite would bind as NULL or refuse', (_, values, message) => {
    const { run } = openMemory();
    expect(() => run((tx) => Reflect.apply(tx.run, tx, [INSERT, ...values]))).toThrow(message);
  });

  test.each([':value', '@value', '$value', '?1'])('takes no parameter %s', (parameter) => {
    const { run } = openMemory();
    expect(() => run((tx) => tx.run(`INSERT INTO app_values VALUES (${parameter})`, 1))).toThrow(
      `without name or number, got ${parameter}`,
    );
  });

  test('may have question marks and colons in its texts, names and comments', () => {
    const { run } = openMemory();
    const sql = `SELECT '?:a' AS "a?", json_extract(?, '$.b') AS [c?] -- why? :d\n /* ? */`;
    expect(run((tx) => tx.get(sql, '{"b":2}'))).toEqual({ 'a?': '?:a', 'c?': 2 });
  });

  test('binds an integer as an integer, and returns rows', () => {
    const { run, values } = openMemory();
    const read = run((tx) => {
      for (const value of [5, 2 ** 53, 0.5, 7n, 'text', null, Buffer.from('bytes')]) tx.run(INSERT, value);
      return tx.all('SELECT value FROM app_values WHERE value < ?', 6);
    });
    expect(read).toEqual([{ value: 5 }, { value: 0.5 }]);
    expect(values().map(({ type }) => type)).toEqual([
      'integer',
      'real',
      'real',
      'integer',
      'text',
      'null',
      'blob',
    ]);
    expect(run((tx) => tx.run('DELETE FROM app_values'))).toMatchObject({ changes: 7 });
  });

  test('can not be run after the transaction', () => {
    const { run } = openMemory();
    let leaked: SqliteTransaction | undefined;
    run((tx) => {
      leaked = tx;
    });
    expect(() => leaked?.run(INSERT, 1)).toThrow('has ended');
  });
});

describe('in a file, beside the changes of other requests', () => {
  const recordOf = (id: string): StoredRecord => ({
    record: {
      request: { id, source: '' },
      status: 'queued',
      attempts: 0,
      createdAt: 1_000,
      updatedAt: 1_000,
    },
    revision: 1,
    keptUntil: 1_000,
  });

  async function openStore() {
    const { file } = await openSqlite();
    for (const sql of TABLES.split(';').filter((each) => each.trim())) {
      await file.write(() => file.statement(sql).run());
    }
    await file.write(() => file.statement("INSERT INTO app_names VALUES ('taken')").run());
    return { file, store: new SqliteRecordStore(file) };
  }

  const countOf = (file: SqliteFile, table: string) =>
    Number(file.statement(`SELECT count(*) AS count FROM ${table}`).get()?.count);

  test.each<[string, (tx: SqliteTransaction) => void, string, runs: number]>([
    [
      'an error',
      () => {
        throw new Error('no');
      },
      'no',
      1,
    ],
    ['a violated constraint', (tx) => tx.run("INSERT INTO app_names VALUES ('taken')"), 'UNIQUE', 1],
    [
      'a conflict that rolls back everything',
      (tx) => tx.run("INSERT OR ROLLBACK INTO app_names VALUES ('taken')"),
      'UNIQUE',
      2,
    ],
    [
      'such a conflict whose error is caught',
      (tx) => {
        try {
          tx.run("INSERT OR ROLLBACK INTO app_names VALUES ('taken')");
        } catch {}
        // Without a transaction, it would be committed by itself.
        tx.run(INSERT, 'stray');
      },
      'rolled back the transaction',
      2,
    ],
    [
      'a constraint that is checked at the end',
      (tx) => tx.run("INSERT INTO app_children VALUES ('nobody')"),
      'FOREIGN KEY',
      2,
    ],
  ])('%s rolls back one request alone', async (_, write, message, mostRuns) => {
    const { file, store } = await openStore();
    let runs = 0;
    const results = await Promise.allSettled([
      store.write(recordOf('before')),
      store.writeWith(recordOf('failing'), {
        sqlite: (tx) => {
          tx.run(INSERT, 'failing');
          write(tx);
        },
      }),
      store.writeWith(recordOf('after'), {
        sqlite: (tx) => {
          runs++;
          tx.run(INSERT, 'after');
        },
      }),
    ]);
    expect(results).toMatchObject([
      { value: { written: true } },
      { reason: { code: 'writes_failed', cause: { message: expect.stringContaining(message) } } },
      { value: { written: true } },
    ]);
    expect(runs).toBeLessThanOrEqual(mostRuns);
    expect(await store.read(recordOf('failing').record.request)).toBeUndefined();
    expect(await store.read(recordOf('before').record.request)).toBeDefined();
    expect(file.statement('SELECT value FROM app_values').all()).toEqual([{ value: 'after' }]);
    expect(countOf(file, 'app_children')).toBe(0);
    expect(countOf(file, 'records')).toBe(2);
  });
});
