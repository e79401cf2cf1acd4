import { spawnSync } from 'node:child_process';
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SqliteFile } from '../../../lib/stores/sqlite/sqlite-file.ts';
import { openSqlite } from '../../support/sqlite.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ADD = 'INSERT INTO load (second, completed, handled, milliseconds) VALUES (:second, 0, 0, 0)';
const COUNT = 'SELECT count(*) AS count FROM load';

function countOf(file: SqliteFile): number {
  return Number(file.statement(COUNT).get()?.count);
}

describe('opening', () => {
  test('makes the file and its folder', async () => {
    const path = `${await temporaryFolder()}/a/b/coatcheck.db`;
    await using file = await SqliteFile.open(path);
    expect(countOf(file)).toBe(0);
  });

  test('waits while another connection has the whole file, as one does that recovers it after a kill', async () => {
    const path = `${await temporaryFolder()}/coatcheck.db`;
    await (await SqliteFile.open(path))[Symbol.asyncDispose]();
    const other = new DatabaseSync(path);
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    const opening = SqliteFile.open(path);
    opening.catch(() => {});
    const state = await Promise.race([
      opening.then(
        () => 'open',
        (error: Error) => error.message,
      ),
      sleep(200, 'waiting'),
    ]);
    expect(state).toBe('waiting');
    other.close();
    await using file = await opening;
    expect(countOf(file)).toBe(0);
  });

  test('by many at once gives all of them the same tables', async () => {
    const path = `${await temporaryFolder()}/coatcheck.db`;
    const files = await Promise.all(Array.from({ length: 5 }, () => SqliteFile.open(path)));
    await Promise.all(files.map((file, nth) => file.write(() => file.statement(ADD).run({ second: nth }))));
    expect(files.map(countOf)).toEqual([5, 5, 5, 5, 5]);
    await Promise.all(files.map((file) => file[Symbol.asyncDispose]()));
  });

  test('creates its tables beside those of the application, in either order', async () => {
    const path = `${await temporaryFolder()}/app.db`;
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE app_orders (id TEXT PRIMARY KEY); CREATE TABLE outbox (id TEXT PRIMARY KEY)');
    const file = await SqliteFile.open(path);
    database.exec("CREATE INDEX app_index ON app_orders (id); INSERT INTO app_orders VALUES ('7')");
    database.close();
    await file[Symbol.asyncDispose]();
    await using again = await SqliteFile.open(path);
    expect(again.statement('SELECT id FROM app_orders').all()).toEqual([{ id: '7' }]);
  });

  test.each([
    ['a table of the application without its prefix', 'CREATE TABLE records (a)', 'begin with app_'],
    ["another program's database", 'CREATE TABLE theirs (a)', 'a database of another program'],
    [
      'a file of a later version',
      `PRAGMA application_id = ${0x436f6174}; PRAGMA user_version = 99`,
      'tables of version 99, and this version of Coatcheck reads version 1',
    ],
  ])('refuses %s', async (_, sql, message) => {
    const path = `${await temporaryFolder()}/other.db`;
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    await expect(SqliteFile.open(path)).rejects.toThrow(message);
  });

  test('refuses a file that is no database', async () => {
    const path = `${await temporaryFolder()}/notes.txt`;
    await writeFile(path, 'x'.repeat(10_000));
    await expect(SqliteFile.open(path)).rejects.toThrow('file is not a database');
  });

  test('on a Node without SQLite says which Node has it', async () => {
    const module = pathToFileURL(`${import.meta.dirname}/../../../lib/stores/sqlite/sqlite-file.ts`);
    const program = `import(${JSON.stringify(module)}).then(({ SqliteFile }) => SqliteFile.open('x.db'))`;
    const { status, stderr } = spawnSync(process.execPath, ['--no-experimental-sqlite', '-e', program], {
      encoding: 'utf8',
      cwd: await temporaryFolder(),
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`Node ${process.version} lacks node:sqlite`);
    expect(stderr).toContain('use Node 24 or later');
  });
});

describe('writing', () => {
  test('goes on after the process has changed its folder', async () => {
    const module = pathToFileURL(`${import.meta.dirname}/../../../lib/stores/sqlite/sqlite-file.ts`);
    const program = `import(${JSON.stringify(module)}).then(async ({ SqliteFile }) => {
      const file = await SqliteFile.open('x.db');
      process.chdir('/');
      await file.write(() => file.statement(${JSON.stringify(ADD)}).run({ second: 1 }));
      await file[Symbol.asyncDispose]();
    })`;
    const cwd = await temporaryFolder();
    const { status, stderr } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8', cwd });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('confirms changes with their values', async () => {
    const { file, open } = await openSqlite();
    const values = [1, 2, 3].map((second) => file.write(() => file.statement(ADD).run({ second }).changes));
    expect(await Promise.all(values)).toEqual([1, 1, 1]);
    expect(countOf(await open())).toBe(3);
  });

  test('makes the changes of a turn in one transaction', async () => {
    const { file, open } = await openSqlite();
    const other = await open();
    const seen = [1, 2, 3].map((second) =>
      file.write(() => {
        file.statement(ADD).run({ second });
        return countOf(other);
      }),
    );
    expect(await Promise.all(seen)).toEqual([0, 0, 0]);
    expect(countOf(other)).toBe(3);
  });

  test('a change that fails has no effect, and the others have theirs', async () => {
    const { file } = await openSqlite();
    const add = (second: number) => file.write(() => file.statement(ADD).run({ second }).changes);
    const failing = file.write(() => {
      file.statement(ADD).run({ second: 100 });
      throw new Error('no');
    });
    expect(await Promise.allSettled([add(1), failing, add(1), add(2)])).toMatchObject([
      { value: 1 },
      { reason: { message: 'no' } },
      { reason: { message: expect.stringContaining('UNIQUE') } },
      { value: 1 },
    ]);
    expect(countOf(file)).toBe(2);
  });

  test('waits while another process has the lock', async () => {
    const { file, path } = await openSqlite();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const writing = file.write(() => file.statement(ADD).run({ second: 1 }).changes);
    setTimeout(() => other.exec('COMMIT'), 100);
    expect(await writing).toBe(1);
    other.close();
  });

  test('rejects what the disk has no room for', async () => {
    const { file } = await openSqlite();
    file.statement('PRAGMA max_page_count = 40').get();
    const blob = JSON.stringify('x'.repeat(1_000_000));
    const large = () =>
      file
        .statement(
          "INSERT INTO records (key, position, revision, kept_until, record) VALUES ('k', '', 1, 0, :blob)",
        )
        .run({ blob });
    await expect(file.write(large)).rejects.toThrow('full');
    expect(await file.write(() => file.statement(ADD).run({ second: 1 }).changes)).toBe(1);
  });

  // node:sqlite 24.21 binds NaN as NULL, and every other number as a double.
  test.each([
    ['deleted', (path: string) => rm(path)],
    ['replaced', (path: string) => rename(path, `${path}-old`).then(() => copyFile(`${path}-old`, path))],
  ])('confirms nothing after the file was %s, as by restoring a backup', async (change, make) => {
    const path = `${await temporaryFolder()}/coatcheck.db`;
    await using file = await SqliteFile.open(path);
    await file.write(() => file.statement(ADD).run({ second: 1 }));
    await make(path);
    const write = file.write(() => file.statement(ADD).run({ second: 2 }));
    await expect(write).rejects.toThrow(
      `${path} is unavailable: it was ${change} while it was open. Start again`,
    );
  });

  test('confirms nothing after a backup was restored in place, without its log', async () => {
    const path = `${await temporaryFolder()}/coatcheck.db`;
    await using file = await SqliteFile.open(path);
    await copyFile(path, `${path}-old`);
    await rm(`${path}-wal`);
    await copyFile(`${path}-old`, path);
    const write = file.write(() => file.statement(ADD).run({ second: 1 }));
    await expect(write).rejects.toThrow(`${path}-wal is unavailable: it was deleted while it was open`);
  });

  test.each([Number.NaN, 1.5, Number.POSITIVE_INFINITY])(
    'rejects %s in place of an integer',
    async (value) => {
      const { file } = await openSqlite();
      const add = 'INSERT INTO load (second, completed, handled, milliseconds) VALUES (1, :value, 0, 0)';
      await expect(file.write(() => file.statement(add).run({ value }))).rejects.toThrow();
      expect(countOf(file)).toBe(0);
    },
  );

  test('closing confirms what was written, and ends writing', async () => {
    const { file, open } = await openSqlite();
    const writing = file.write(() => file.statement(ADD).run({ second: 1 }).changes);
    await file[Symbol.asyncDispose]();
    expect(await writing).toBe(1);
    await expect(file.write(() => 1)).rejects.toThrow('is closed');
    expect(countOf(await open())).toBe(1);
  });
});

describe('waiting for a change', () => {
  const QUEUE = 'in';
  const LONG_MILLISECONDS = 60_000;
  const { signal } = new AbortController();

  test('ends before this process commits a change to the queue', async () => {
    const { file } = await openSqlite();
    const waiting = file.whenChanged(QUEUE, LONG_MILLISECONDS, signal);
    const writing = file.write(() => file.statement(ADD).run({ second: 1 }), 'committed', QUEUE);
    expect(await waiting).toBe('changing');
    expect(countOf(file)).toBe(0);
    const counting = file.write(() => countOf(file), 'committed');
    await writing;
    expect(await counting).toBe(1);
  });

  test('ends after a commit of this process that came too early to wait for', async () => {
    const { file } = await openSqlite();
    const writing = file.write(() => file.statement(ADD).run({ second: 1 }), 'committed', QUEUE);
    const waiting = file.whenChanged(QUEUE, LONG_MILLISECONDS, signal);
    await writing;
    expect(await waiting).toBe('changed');
  });

  test('goes on while this process changes other things', async () => {
    const { file } = await openSqlite();
    const stop = new AbortController();
    let isOver = false;
    const waiting = file.whenChanged(QUEUE, LONG_MILLISECONDS, stop.signal).then(() => {
      isOver = true;
    });
    await file.write(() => file.statement(ADD).run({ second: 1 }));
    await file.write(() => file.statement(ADD).run({ second: 2 }), 'committed', 'other');
    expect(isOver).toBe(false);
    stop.abort();
    await waiting;
  });

  test('ends when another connection writes', async () => {
    const { file, open } = await openSqlite();
    const other = await open();
    const waiting = file.whenChanged(QUEUE, LONG_MILLISECONDS, signal);
    await other.write(() => other.statement(ADD).run({ second: 1 }));
    expect(await waiting).toBe('changed');
  });

  test('ends after its time, when the signal fires, and when the file is closed', async () => {
    const { file } = await openSqlite();
    expect(await file.whenChanged(QUEUE, 1, signal)).toBe('changed');
    expect(await file.whenChanged(QUEUE, LONG_MILLISECONDS, AbortSignal.abort())).toBe('changed');
    const waiting = file.whenChanged(QUEUE, LONG_MILLISECONDS, signal);
    await file[Symbol.asyncDispose]();
    expect(await waiting).toBe('changed');
  });
});
