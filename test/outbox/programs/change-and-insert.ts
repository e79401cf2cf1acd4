/**
 * An application that changes its own table and inserts a request in one transaction, until it is killed. Some transactions are
 * rolled back. Prints a line for each that was committed.
 */
import { randomInt } from 'node:crypto';
import { createRequire } from 'node:module';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { outboxRow, SQLITE_OUTBOX_INSERT } from 'coatcheck/outbox';

/** What `node:sqlite` and better-sqlite3 have in common. */
interface Driver {
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: unknown[]): unknown; get(...values: unknown[]): unknown };
}

const [file = '', driver = ''] = process.argv.slice(2);
const BetterSqlite: new (path: string) => Driver = createRequire(import.meta.url)('better-sqlite3');
const database: Driver =
  driver === 'better-sqlite3' ? new BetterSqlite(file) : (new DatabaseSync(file) as Driver);
database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000');

const next = database.prepare('SELECT count(*) + 1 AS number FROM changes WHERE key = ?');
const change = database.prepare('INSERT INTO changes (request, key, number) VALUES (?, ?, ?)');
const insert = database.prepare(SQLITE_OUTBOX_INSERT);

while (true) {
  database.exec('BEGIN IMMEDIATE');
  for (let changes = 1 + randomInt(3); changes > 0; changes--) {
    const key = `key-${randomInt(3)}`;
    const { number } = next.get(key) as { number: number };
    const row = outboxRow({ key, number }, { orderingKey: key });
    insert.run(...Object.values(row));
    change.run(row.id, key, number);
  }
  if (randomInt(4) === 0) database.exec('ROLLBACK');
  else {
    database.exec('COMMIT');
    console.log('committed');
  }
  await sleep(randomInt(5));
}
