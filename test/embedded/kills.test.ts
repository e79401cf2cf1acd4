import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { processor } from 'coatcheck';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openServiceAt } from '../../lib/embedded/open-service.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { handler } from './programs/processor.ts';
import { handler as transfer } from './programs/transfer.ts';

const SUBMIT_AND_HANDLE = join(import.meta.dirname, 'programs', 'submit-and-handle.ts');
const SUBMIT_TRANSFERS = join(import.meta.dirname, 'programs', 'submit-transfers.ts');
const REDRIVE = join(import.meta.dirname, 'programs', 'redrive.ts');
const KILLS = 12;
const TRANSFER_KILLS = 8;
const REDRIVE_KILLS = 3;
const DEAD_LETTERS = 500;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-kills-'));
  file = join(folder, 'jobs.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a program and notes the ids of the requests that were accepted. @returns kills it, as `kill -9` does */
function run(program: string, name: string, accepted: string[]): () => Promise<void> {
  const child = spawn(process.execPath, [program, file, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  createInterface(child.stdout).on('line', (line) => {
    if (/^[0-9a-f-]{36}$/.test(line)) accepted.push(line);
  });
  const closed = once(child, 'close');
  return async () => {
    child.kill('SIGKILL');
    expect((await closed)[1], `${name} ended by itself`).toBe('SIGKILL');
  };
}

/** Runs a program several times at once, and kills them one after another. @returns the ids of the requests that were accepted */
async function killAtRandom(program: string, killed: number): Promise<readonly string[]> {
  const accepted: string[] = [];
  const killSteady = run(program, 'steady', accepted);
  for (let kills = 0; kills < killed; kills++) {
    const before = accepted.length;
    const kill = run(program, `killed ${kills}`, accepted);
    await eventually(() => expect(accepted.length).toBeGreaterThan(before + 20));
    // The moment of the kill is what the test is about.
    await sleep(randomInt(60));
    await kill();
  }
  await killSteady();
  return accepted;
}

test('processes that are killed at random lose no request: each that was accepted ends, once', async () => {
  const accepted = await killAtRandom(SUBMIT_AND_HANDLE, KILLS);
  // A clock that is ahead: leases of the killed are over.
  const clock = { now: () => Date.now() + 60_000 };
  const logger = new CollectingLogger();
  await using service = await openServiceAt({ file, processor: handler, logger }, clock);
  const ends = new Map<string, Set<string>>();
  service.consume(({ requestId, id, status }) => {
    expect(status).toBe('succeeded');
    ends.set(requestId, (ends.get(requestId) ?? new Set()).add(id));
  });
  for (const id of accepted) expect(await service.wait(id)).toMatchObject({ status: 'succeeded' });
  await eventually(() => expect(accepted.filter((id) => !ends.has(id))).toEqual([]));
  expect([...ends.values()].filter(({ size }) => size !== 1)).toEqual([]);
  console.log(`${accepted.length} requests, ${KILLS + 1} kills: none lost`);
});

test('what handlers write by complete() is written once for each request, however their processes are killed', async () => {
  using database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE app_accounts (id TEXT PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
    CREATE TABLE app_transfers (request TEXT NOT NULL, attempt INTEGER NOT NULL) STRICT;
    INSERT INTO app_accounts VALUES ('source', 0), ('0', 0), ('1', 0), ('2', 0);
  `);
  const accepted = await killAtRandom(SUBMIT_TRANSFERS, TRANSFER_KILLS);

  const clock = { now: () => Date.now() + 60_000 };
  const logger = new CollectingLogger();
  await using service = await openServiceAt({ file, processor: transfer, logger }, clock);
  const results: unknown[] = [];
  for (const request of accepted) {
    const outcome = await service.wait(request);
    if (outcome.status !== 'succeeded') expect.fail(`${request} ${outcome.status}`);
    results.push({ request, ...((await outcome.result.json()) as object) });
  }
  await eventually(() => expect(service.processing?.held).toBe(0));
  const transfers = database.prepare('SELECT * FROM app_transfers').all();
  // A request may have been accepted without its id being read.
  const made = transfers.filter(({ request }) => accepted.includes(String(request)));
  const inOrder = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).toSorted();
  expect(inOrder(made)).toEqual(inOrder(results));
  expect(new Set(transfers.map(({ request }) => request)).size).toBe(transfers.length);
  const balances = database
    .prepare('SELECT sum(balance) AS sum, min(balance) AS least FROM app_accounts')
    .get();
  expect(balances).toEqual({ sum: 0, least: -transfers.length });
  const retried = transfers.filter(({ attempt }) => attempt !== 1).length;
  console.log(
    `${transfers.length} transfers, ${TRANSFER_KILLS + 1} kills: each made once, ${retried} by a later attempt`,
  );
});

test('a redrive of 500 dead letters whose process is killed again and again puts each back once', async () => {
  const numbers = Array.from({ length: DEAD_LETTERS }, (_, number) => number);
  await deadLetter(numbers);
  const handled: number[] = [];
  for (let kills = 0; kills < REDRIVE_KILLS; kills++) {
    const child = spawn(process.execPath, [REDRIVE, file, kills === 0 ? 'plan' : 'go on'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const before = handled.length;
    const enough = Promise.withResolvers<void>();
    createInterface(child.stdout).on('line', (line) => {
      const [, number] = /^handled (\d+)$/.exec(line) ?? [];
      if (number !== undefined) handled.push(Number(number));
      if (handled.length > before + DEAD_LETTERS / (REDRIVE_KILLS + 2)) enough.resolve();
    });
    const closed = once(child, 'close');
    await enough.promise;
    child.kill('SIGKILL');
    expect((await closed)[1]).toBe('SIGKILL');
    expireLeases();
  }
  // A clock that is ahead: leases of the killed are over.
  const clock = { now: () => Date.now() + 60_000 };
  await using service = await openServiceAt(
    { file, processor: handler, logger: new CollectingLogger() },
    clock,
  );
  const action = await eventually(async () => {
    const { actions } = await service.actions.list(undefined, 10);
    expect(actions).toMatchObject([{ state: 'succeeded' }]);
    return actions[0];
  });
  expect(action?.progress).toEqual({ handled: DEAD_LETTERS, done: DEAD_LETTERS, skipped: 0, failed: 0 });
  using database = new DatabaseSync(file, { readOnly: true });
  // A request that was put back twice would have been redriven twice.
  const states = database.prepare(
    "SELECT json_extract(record, '$.status') AS status, json_extract(record, '$.redrives') AS redrives, count(*) AS count FROM records GROUP BY 1, 2",
  );
  await eventually(() =>
    expect(states.all()).toEqual([{ status: 'succeeded', redrives: 1, count: DEAD_LETTERS }]),
  );
});

/** Leaves dead letters in the file. */
async function deadLetter(numbers: readonly number[]): Promise<void> {
  const failing = processor(async () => {
    throw new Error('Down');
  });
  const options = {
    file,
    processor: failing,
    logger: new CollectingLogger(),
    settings: { maxAttempts: 1, concurrency: 100 },
  };
  await using service = await openServiceAt(options, Date);
  await Promise.all(numbers.map((number) => service.submit({ number })));
  await eventually(async () => {
    const { count } = await service.actions.plan({ action: 'purge', filter: { since: 0 } });
    expect(count).toBe(numbers.length);
  });
  // Of these plans, nothing is left to see.
  using database = new DatabaseSync(file);
  database.exec('DELETE FROM action_items; DELETE FROM actions');
}

/** So that the test needn't wait for them. */
function expireLeases(): void {
  using database = new DatabaseSync(file);
  database.exec('PRAGMA busy_timeout = 5000; UPDATE actions SET due_at = 0 WHERE due_at IS NOT NULL');
}
