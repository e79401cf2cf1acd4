import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openServiceAt } from '../../../lib/embedded/open-service.ts';
import { SQLITE_OUTBOX } from '../../../lib/outbox/index.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { handler } from '../programs/note.ts';

const PROGRAMS = join(import.meta.dirname, '..', 'programs');
const KILLS = 6;

/** Runs a program. @returns the lines that it has printed, and what kills it, as `kill -9` does */
function run(program: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [join(PROGRAMS, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  const closed = once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    expect((await closed)[1], `${program} ended by itself: ${lines.slice(-3)}`).toBe('SIGKILL');
  };
  return { lines, kill };
}

test('whatever is killed when, a change that was committed is one request, in the order of its key, and no other is', async () => {
  const folder = await temporaryFolder();
  const application = join(folder, 'app.db');
  const jobs = join(folder, 'jobs.db');
  using changes = new DatabaseSync(application);
  changes.exec(`PRAGMA journal_mode = WAL; ${SQLITE_OUTBOX}
    CREATE TABLE changes (request TEXT PRIMARY KEY, key TEXT NOT NULL, number INTEGER NOT NULL) STRICT`);
  using notes = new DatabaseSync(jobs);
  notes.exec(`CREATE TABLE app_notes (
    position INTEGER PRIMARY KEY, request TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL) STRICT`);

  const standby = run('relay-and-handle.ts', jobs, application);
  for (let kills = 0; kills < KILLS; kills++) {
    const driver = kills % 2 === 0 ? 'node:sqlite' : 'better-sqlite3';
    const writer = run('change-and-insert.ts', application, driver);
    const relay = run('relay-and-handle.ts', jobs, application);
    await eventually(() => expect(writer.lines.length).toBeGreaterThan(15));
    // The moment of the kill is what the test is about.
    await sleep(randomInt(60));
    await Promise.all([writer.kill(), sleep(randomInt(60)).then(relay.kill)]);
  }
  await standby.kill();

  // A clock that is ahead: leases of the killed are over.
  const clock = { now: () => Date.now() + 60_000 };
  const logger = new CollectingLogger();
  await using service = await openServiceAt({ file: jobs, processor: handler, order: 'fifo', logger }, clock);
  await service.relayOutbox({ file: application });
  const committed = changes.prepare('SELECT request, key, number FROM changes ORDER BY key, number').all();
  const noted = notes.prepare('SELECT request, key, number FROM app_notes ORDER BY key, position');
  await eventually(async () => {
    expect(changes.prepare('SELECT count(*) AS count FROM outbox').get()).toEqual({ count: 0 });
    expect(noted.all().length).toBeGreaterThanOrEqual(committed.length);
  });
  expect(noted.all()).toEqual(committed);
  expect(notes.prepare('SELECT count(*) AS count FROM records').get()).toEqual({ count: committed.length });
  for (const { request } of committed) expect(await service.request(String(request))).toBeDefined();
  expect(committed.length).toBeGreaterThan(KILLS * 15);
  console.log(`${committed.length} changes, ${2 * KILLS + 1} kills: each is one request`);
});
