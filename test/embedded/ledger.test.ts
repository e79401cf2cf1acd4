import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { ledgerOf } from '../../lib/core/operations/ledger.ts';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { serviceRetention, sweep } from '../../lib/embedded/retention.ts';
import { Service } from '../../lib/embedded/service.ts';
import { QUEUES, Storage } from '../../lib/embedded/storage.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { PrometheusMetrics } from '../../lib/worker/prometheus-metrics.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TestClock } from '../support/test-clock.ts';

const DAY = 86_400_000;
const NONE = { succeeded: 0, failed: 0, cancelled: 0, expired: 0 };

/** Ends as its payload says. */
const obedient: Handler = async (request) => {
  const word = await request.text();
  if (word === 'fail') throw new PermanentError('no', { code: 'refused' });
  if (word === 'retry') throw new Error('again');
  return word;
};

async function setUp(handler?: Handler) {
  const clock = new TestClock();
  const path = join(await temporaryFolder(), 'a.db');
  const parts = await openParts(
    { file: path, logger: new CollectingLogger(), settings: { maxAttempts: 1 } },
    clock,
  );
  const service = new Service({ ...parts, processor: handler && defineProcessor(handler) });
  const { storage, settings } = parts;
  const book = storage.ledger();
  const ledger = async () => ledgerOf(await book.read(), clock.now());
  const submitted = async (payload: string) => (await service.submit(payload)).id;
  /** What another program does to the file. */
  const sabotage = (sql: string) => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };
  const sweepNow = () => sweep(serviceRetention(storage, settings), new AbortController().signal);
  return { clock, path, service, storage, ledger, submitted, sabotage, sweepNow };
}

test('each request is in one figure', async () => {
  const { clock, service, ledger, submitted } = await setUp(obedient);
  for (const payload of ['one', 'two', 'fail', 'retry']) await service.wait(await submitted(payload));
  const { id } = await service.submit('later', { notBefore: new Date(clock.now() + DAY) });
  expect(await ledger()).toMatchObject({
    accepted: 5,
    ended: { ...NONE, succeeded: 2, failed: 1 },
    waiting: 1,
    running: 0,
    deadLettered: 1,
    drift: 0,
  });
  await service.cancel(id);
  expect(await ledger()).toMatchObject({
    ended: { succeeded: 2, failed: 1, cancelled: 1 },
    waiting: 0,
    drift: 0,
  });
  await service.close();
});

test('it balances at every moment, while requests are submitted, run, fail and are redriven', async () => {
  let fails = true;
  const { service, storage, ledger, submitted } = await setUp(async (request) => {
    const word = await request.text();
    if (fails && word === 'retry') throw new Error('again');
    return word;
  });
  const ids = Array.from({ length: 60 }, (_, i) => submitted(i % 3 === 0 ? 'retry' : 'fine'));
  const drifts = new Set<number>();
  let isOver = false;
  const watching = (async () => {
    while (!isOver) drifts.add((await ledger()).drift);
  })();
  for (const id of await Promise.all(ids)) await service.wait(id);
  // An outcome is published before its dead letter is sent.
  const letters = storage.input(QUEUES.deadLetters);
  await expect.poll(async () => (await letters.read()).waiting).toBe(20);
  fails = false;
  await service.redrive();
  await expect.poll(async () => (await ledger()).ended.succeeded).toBe(60);
  isOver = true;
  await watching;
  expect([...drifts]).toEqual([0]);
  await service.close();
});

test('a record that disappears, and a message that does, are missed', async () => {
  const { service, ledger, submitted, sabotage } = await setUp();
  for (const payload of ['one', 'two', 'three']) await submitted(payload);
  expect(await ledger()).toMatchObject({ accepted: 3, waiting: 3, drift: 0 });
  sabotage('DELETE FROM messages WHERE number = 1');
  expect(await ledger()).toMatchObject({ accepted: 3, waiting: 2, drift: 1 });
  sabotage('DELETE FROM records WHERE id = 2');
  expect(await ledger()).toMatchObject({ accepted: 3, waiting: 1, drift: 2 });
  await service.close();
});

test('it is read while another process changes the file', async () => {
  const { service, storage, ledger, submitted } = await setUp();
  await submitted('one');
  const other = new DatabaseSync(storage.file.path);
  other.exec('BEGIN IMMEDIATE');
  expect(await ledger()).toMatchObject({ accepted: 1, waiting: 1, drift: 0 });
  other.close();
  await service.close();
});

test('what the retention deletes is no loss', async () => {
  const { clock, service, ledger, submitted, sweepNow } = await setUp(obedient);
  for (const payload of ['one', 'fail', 'retry']) await service.wait(await submitted(payload));
  clock.advanceSeconds(400 * 86_400);
  await sweepNow();
  expect(await ledger()).toMatchObject({
    accepted: 3,
    ended: { ...NONE, succeeded: 1, failed: 2 },
    deadLettered: 0,
    drift: 0,
  });
  await service.close();
});

test('a request that waits longer than records are kept is still there', async () => {
  const { clock, service, path, ledger, submitted, sweepNow } = await setUp();
  const id = await submitted('one');
  clock.advanceSeconds(400 * 86_400);
  await sweepNow();
  expect(await ledger()).toMatchObject({ accepted: 1, waiting: 1, drift: 0 });
  await service.close();
  const parts = await openParts({ file: path, logger: new CollectingLogger() }, clock);
  const later = new Service({ ...parts, processor: defineProcessor(obedient) });
  await expect.poll(async () => (await later.request(id))?.status).toBe('succeeded');
  const { drift, accepted } = ledgerOf(await parts.storage.ledger().read(), 0);
  expect({ drift, accepted }).toEqual({ drift: 0, accepted: 1 });
  await later.close();
});

test('a file of an earlier version begins with what is in it', async () => {
  const { service, path, submitted, sabotage } = await setUp();
  for (const payload of ['one', 'two']) await submitted(payload);
  await service.close();
  sabotage('DROP TABLE ledger; DROP TRIGGER "count accepted requests"; DROP INDEX records_by_state');
  await using storage = await Storage.open(path, Date);
  expect(ledgerOf(await storage.ledger().read(), 0)).toMatchObject({ accepted: 2, waiting: 2, drift: 0 });
});

test('a file of an earlier version gets the index that has the keys of waiting requests', async () => {
  const { service, path, submitted, sabotage } = await setUp();
  await submitted('one');
  await service.close();
  sabotage(
    "DROP INDEX records_by_state; CREATE INDEX records_by_status ON records (json_extract(record, '$.status'), json_extract(record, '$.attemptsExhausted'))",
  );
  await using storage = await Storage.open(path, Date);
  expect(ledgerOf(await storage.ledger().read(), 0)).toMatchObject({ accepted: 1, waiting: 1, drift: 0 });
  const indexes = storage.file.statement(
    "SELECT name, (SELECT max(name) FROM pragma_index_info(indexes.name)) AS key FROM sqlite_schema indexes WHERE name GLOB 'records_by_stat*'",
  );
  expect(indexes.all()).toMatchObject([{ name: 'records_by_state', key: 'key' }]);
});

test('Prometheus gets all figures of one moment', async () => {
  const { service, storage, submitted, sabotage } = await setUp();
  for (const payload of ['one', 'two']) await submitted(payload);
  sabotage('DELETE FROM records WHERE id = 2');
  const metrics = new PrometheusMetrics('reports', () => ({ held: 0, isReady: true }));
  metrics.addLedger(storage.ledger());
  const lines = (await metrics.scrape()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'coatcheck_ledger_requests{state="accepted",service="reports"} 2',
      'coatcheck_ledger_requests{state="waiting",service="reports"} 1',
      'coatcheck_ledger_requests{state="dead_lettered",service="reports"} 0',
      'coatcheck_ledger_drift{service="reports"} 1',
    ]),
  );
  await service.close();
});
