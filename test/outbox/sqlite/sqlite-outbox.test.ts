import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';
import { run } from '../../../lib/local/run.ts';
import { type OutboxRow, outboxRow, SQLITE_OUTBOX, SQLITE_OUTBOX_INSERT } from '../../../lib/outbox/index.ts';
import { OutboxRelay } from '../../../lib/outbox/outbox-relay.ts';
import type { PublishRows, StoredRow } from '../../../lib/outbox/outbox-source.ts';
import { SqliteOutboxAdministration } from '../../../lib/outbox/sqlite/administration.ts';
import { SqliteOutbox } from '../../../lib/outbox/sqlite/sqlite-outbox.ts';
import { SqliteOutboxTable } from '../../../lib/outbox/sqlite/table.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function openFile() {
  const path = join(await temporaryFolder(), 'app.db');
  const database = new DatabaseSync(path);
  onTestFinished(() => database.close());
  database.exec(`PRAGMA journal_mode = WAL; ${SQLITE_OUTBOX}`);
  const insert = (row: OutboxRow) => database.prepare(SQLITE_OUTBOX_INSERT).run(...Object.values(row));
  const open = async (ordered = false) => {
    const outbox = await SqliteOutbox.open({ path, table: new SqliteOutboxTable(), ordered });
    onTestFinished(() => outbox[Symbol.asyncDispose]().catch(() => {}));
    return outbox;
  };
  const ids = () =>
    database
      .prepare('SELECT id FROM outbox ORDER BY position')
      .all()
      .map(({ id }) => id);
  return { path, database, insert, open, ids };
}

/** Publishes rows, but for those that are refused or fail. */
function publishing(published: StoredRow[], fates: Record<string, 'refused' | 'failed'> = {}): PublishRows {
  return async (rows) =>
    rows.map((row) => {
      const fate = fates[row.id];
      if (fate) return { published: false, refused: fate === 'refused', reason: `it is ${fate}` };
      published.push(row);
      return { published: true };
    });
}

test('hands over what is committed, in the order of inserts, and removes it', async () => {
  const { database, insert, open, ids } = await openFile();
  const outbox = await open();
  const rows = [outboxRow('1'), outboxRow('2', { orderingKey: 'a', topic: 'x' }), outboxRow('3')];
  database.exec('BEGIN');
  for (const row of rows) insert(row);
  const published: StoredRow[] = [];
  expect(await outbox.relay(publishing(published))).toEqual([]);
  expect(await outbox.level()).toEqual({ waiting: 0, oldestMilliseconds: 0, refused: 0 });
  database.exec('COMMIT');
  expect(await outbox.level()).toMatchObject({ waiting: 3 });
  expect(await outbox.relay(publishing(published))).toEqual(rows.map(() => ({ published: true })));
  expect(published).toMatchObject(rows);
  expect(ids()).toEqual([]);
});

test('takes rows of another driver, with the SQLite of the system', async () => {
  const { path, open } = await openFile();
  const row = outboxRow('1');
  const since = Date.now();
  const program = `import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database: database.execute(sys.argv[2], sys.argv[3:])`;
  const values = Object.values({ ...row, tracingspancontext: '' });
  const inserted = await run('python3', ['-c', program, path, SQLITE_OUTBOX_INSERT, ...values]);
  expect(inserted).toEqual({ succeeded: true, output: '' });
  const outbox = await open();
  const { oldestMilliseconds } = await outbox.level();
  expect(oldestMilliseconds).toBeLessThanOrEqual(Date.now() - since + 1);
  const published: StoredRow[] = [];
  await outbox.relay(publishing(published));
  expect(published).toMatchObject([{ id: row.id, payload: row.payload }]);
});

test('keeps a refused row with the reason, and with order those behind it', async () => {
  const { database, insert, open, ids } = await openFile();
  const [first, refused, behind, other] = ['1', '2', '3', '4'].map((payload, index) =>
    outboxRow(payload, { orderingKey: index === 3 ? 'b' : 'a' }),
  ) as [OutboxRow, OutboxRow, OutboxRow, OutboxRow];
  for (const row of [first, refused]) insert(row);
  const ordered = await open(true);
  const published: StoredRow[] = [];
  await ordered.relay(publishing(published, { [refused.id]: 'refused' }));
  for (const row of [behind, other]) insert(row);
  await ordered.relay(publishing(published));
  expect(published.map(({ id }) => id)).toEqual([first.id, other.id]);
  expect(database.prepare('SELECT id, refused FROM outbox WHERE refused IS NOT NULL').all()).toEqual([
    { id: refused.id, refused: 'it is refused' },
  ]);
  expect(await ordered.level()).toMatchObject({ waiting: 1, refused: 1 });
  expect(ids()).toEqual([refused.id, behind.id]);
  await ordered[Symbol.asyncDispose]();

  await (await open()).relay(publishing(published));
  expect(published.at(-1)?.id).toBe(behind.id);
  expect(ids()).toEqual([refused.id]);
});

test('hands over again what was not published, and what a relay that died had published', async () => {
  const { insert, open, ids } = await openFile();
  const row = outboxRow('1');
  insert(row);
  const outbox = await open();
  await outbox.relay(publishing([], { [row.id]: 'failed' }));
  expect(ids()).toEqual([row.id]);
  const dying = outbox.relay(async () => {
    await outbox[Symbol.asyncDispose]();
    return [{ published: true }];
  });
  await expect(dying).rejects.toThrow();
  const published: StoredRow[] = [];
  await (await open()).relay(publishing(published));
  expect(published).toHaveLength(1);
  expect(ids()).toEqual([]);
});

test('lets one relay of several work, and another one when that has ended', async () => {
  const { insert, open, ids } = await openFile();
  const [working, standby] = [await open(), await open()];
  const published: StoredRow[] = [];
  insert(outboxRow('1'));
  await working.relay(publishing(published));
  insert(outboxRow('2'));
  expect(await standby.relay(publishing(published))).toEqual([]);
  expect(ids()).toHaveLength(1);
  let isOver = false;
  const waiting = standby.wait(600_000, new AbortController().signal).then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  expect(isOver, 'a standby polls without a pause').toBe(false);
  insert(outboxRow('3'));
  await waiting;
  await working[Symbol.asyncDispose]();
  await standby.relay(publishing(published));
  expect(published).toHaveLength(3);
});

test('a relay that has no turn waits, and lets its process do other work', async () => {
  const { open } = await openFile();
  const [working, standby] = [await open(), await open()];
  await working.relay(publishing([]));
  await standby.relay(publishing([]));
  const stop = new AbortController();
  const waiting = standby.wait(600_000, stop.signal).then(() => 'went on');
  const otherWork = new Promise((resolve) => setImmediate(resolve, 'other work'));
  expect(await Promise.race([waiting, otherWork])).toBe('other work');
  stop.abort();
  expect(await waiting).toBe('went on');
});

test('is woken by a commit, and waits for one that holds the lock', async () => {
  const { database, insert, open } = await openFile();
  const outbox = await open();
  const published: StoredRow[] = [];
  const stop = new AbortController();
  const relay = new OutboxRelay(outbox, publishing(published), {
    logger: new CollectingLogger(),
    random: Math.random,
    pollMilliseconds: 600_000,
  });
  const running = relay.run(stop.signal);
  insert(outboxRow('1'));
  await eventually(() => expect(published).toHaveLength(1));
  insert(outboxRow('2'));
  database.exec('BEGIN IMMEDIATE');
  await eventually(() => expect(published).toHaveLength(2));
  insert(outboxRow('3'));
  database.exec('COMMIT');
  await eventually(() => expect(published).toHaveLength(3));
  expect(relay.isHealthy).toBe(true);
  stop.abort();
  await running;
});

test('hands over texts, bytes and rows without a payload', async () => {
  const { database, open } = await openFile();
  database.exec('DROP TABLE outbox');
  database.exec(SQLITE_OUTBOX.replace('payload TEXT', 'payload BLOB'));
  const insert = database.prepare(
    "INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload) VALUES (?, 'a', 'b', 'c', ?)",
  );
  insert.run('text', 'text');
  insert.run('bytes', Buffer.from([255, 0]));
  insert.run('none', null);
  const published: StoredRow[] = [];
  await (await open()).relay(publishing(published));
  expect(published.map(({ id, payload }) => [id, payload])).toEqual([
    ['text', 'text'],
    ['bytes', new Uint8Array([255, 0])],
    ['none', ''],
  ]);
});

test('says what is missing', async () => {
  const folder = await temporaryFolder();
  const table = new SqliteOutboxTable();
  const missing = SqliteOutbox.open({ path: join(folder, 'none.db'), table, ordered: false });
  await expect(missing).rejects.toThrow(ConfigurationError);
  await expect(missing).rejects.toThrow('there is no file');
  const path = join(folder, 'app.db');
  using database = new DatabaseSync(path);
  database.exec('CREATE TABLE outbox (id TEXT)');
  const incomplete = SqliteOutbox.open({ path, table, ordered: false });
  await expect(incomplete).rejects.toThrow('Create its table with SQLITE_OUTBOX of coatcheck/outbox');
  const text = join(folder, 'app.txt');
  await writeFile(text, 'no database '.repeat(100));
  await expect(SqliteOutbox.open({ path: text, table, ordered: false })).rejects.toThrow(
    "isn't a SQLite database",
  );
});

test.each([
  ['replaced', (path: string) => rename(`${path}.backup`, path)],
  ['deleted', (path: string) => rm(path)],
])('relays nothing from a file that was %s, and says so', async (what, change) => {
  const { path, database, insert, open, ids } = await openFile();
  database.exec(`PRAGMA journal_mode = DELETE; VACUUM INTO '${path}.backup'`);
  const outbox = await open();
  const row = outboxRow('x');
  insert(row);
  await change(path);
  await expect(outbox.relay(publishing([]))).rejects.toThrow(`was ${what} while it was open`);
  expect(ids()).toEqual([row.id]);
});

test('is opened, and looked after, once a transaction of the application has ended', async () => {
  const { path, database, insert, open } = await openFile();
  database.exec('PRAGMA journal_mode = DELETE');
  insert(outboxRow('x'));
  database.exec('BEGIN EXCLUSIVE');
  setTimeout(() => database.exec('COMMIT'), 100);
  const outbox = await open();
  await outbox.relay(async (rows) => rows.map(() => ({ published: false, refused: true, reason: 'bad' })));
  const holder = fork(new URL('../programs/hold-lock.ts', import.meta.url), [path]);
  onTestFinished(() => void holder.kill());
  await once(holder, 'message');
  await using administration = await SqliteOutboxAdministration.open(path, new SqliteOutboxTable());
  holder.send('release soon');
  expect(await administration.putBack()).toBe(1);
});

test('takes the rows of a table of another library, whose columns may be null', async () => {
  const { database, open } = await openFile();
  database.exec(`DROP TABLE outbox; CREATE TABLE outbox (position INTEGER PRIMARY KEY, id TEXT, aggregatetype TEXT,
    aggregateid TEXT, type TEXT, payload TEXT, tracingspancontext TEXT, inserted INTEGER, refused TEXT);
    INSERT INTO outbox (id, payload) VALUES ('r-1', '1')`);
  const outbox = await open(true);
  const published: StoredRow[] = [];
  await outbox.relay(publishing(published));
  expect(published).toMatchObject([{ id: 'r-1', aggregatetype: '', aggregateid: 'r-1', type: '' }]);
});
