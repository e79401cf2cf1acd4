import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CoatcheckClient } from 'coatcheck/client';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { activityOf, totalsOf } from '../../lib/core/operations/activity.ts';
import { type ActivityFigure, MAX_ACTIVITY_HOURS } from '../../lib/core/ports/activity-log.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { serviceRetention, sweep } from '../../lib/embedded/retention.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { QUEUES, Storage } from '../../lib/embedded/storage.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { killAfterLines } from '../support/kill-after-lines.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { START, TestClock } from '../support/test-clock.ts';

const BUCKET_SECONDS = 300;
const DAY_SECONDS = 86_400;
const NONE = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
const BASE_URL = 'http://127.0.0.1:1234';
const SUBMIT_AND_HANDLE = join(import.meta.dirname, 'programs', 'submit-and-handle.ts');

/** Ends as its payload says. */
const obedient: Handler = async (request) => {
  const word = await request.text();
  if (word === 'fail') throw new PermanentError('no', { code: 'refused' });
  if (word === 'retry') throw new Error('again');
  return word;
};

async function setUp(handler: Handler | undefined = obedient, path?: string) {
  const clock = new TestClock();
  const file = path ?? join(await temporaryFolder(), 'a.db');
  const settings = { maxAttempts: 1 };
  const parts = await openParts({ file, logger: new CollectingLogger(), settings }, clock);
  const service = new Service({ ...parts, processor: handler && defineProcessor(handler) });
  onTestFinished(() => service.close());
  const { storage } = parts;
  const activity = (hours = 1) => activityOf(storage.activity(), hours, clock.now());
  /** The counts of the buckets in which something happened. */
  const counted = async (hours?: number) =>
    (await activity(hours)).buckets
      .filter(({ at, ...counts }) => Object.values(counts).some((count) => count > 0))
      .map(({ at, ...counts }) => [(at - START) / 1_000, present(counts)]);
  const ended = async (payload: string) => service.wait((await service.submit(payload)).id);
  const app = createServiceApi({ ...parts, baseUrl: BASE_URL, transferKey: randomBytes(32) });
  const fetch: typeof globalThis.fetch = async (input, init) => app.fetch(new Request(input, init));
  const client = new CoatcheckClient({ baseUrl: BASE_URL, fetch });
  const sweepNow = () => sweep(serviceRetention(storage, parts.settings), new AbortController().signal);
  return { clock, file, service, storage, client, fetch, activity, counted, ended, sweepNow };
}

function present(counts: Readonly<Record<ActivityFigure, number>>) {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

test('a request counts where it is submitted, and where it ends, up to the last millisecond of a bucket', async () => {
  const { clock, service, client, counted } = await setUp(undefined);
  clock.time = START + BUCKET_SECONDS * 1_000 - 1;
  const { id } = await service.submit('one', { notBefore: new Date(START + 3_600_000) });
  clock.time++;
  await service.submit('two', { notBefore: new Date(START + 3_600_000) });
  await service.cancel(id);
  expect(await counted()).toEqual([
    [0, { submitted: 1 }],
    [BUCKET_SECONDS, { submitted: 1, cancelled: 1 }],
  ]);
  const { from, to, bucketSeconds, buckets, missing } = await client.activity({ hours: 1 });
  expect({ bucketSeconds, missing }).toEqual({ bucketSeconds: BUCKET_SECONDS, missing: undefined });
  expect(to).toBe(new Date(clock.now()).toISOString());
  expect(from).toBe(new Date(START - 3_600_000 + 2 * BUCKET_SECONDS * 1_000).toISOString());
  expect(buckets).toHaveLength(12);
  expect(buckets[0]).toEqual({ ...NONE, at: from });
  expect(buckets.at(-1)).toEqual({ ...NONE, submitted: 1, cancelled: 1, at: to });
});

test.each(['1e1', '0x10', '', '0', '25', '1.5'])('hours=%s is refused', async (hours) => {
  const { fetch } = await setUp(undefined);
  const refused = await fetch(`${BASE_URL}/v1/activity?hours=${hours}`);
  expect([refused.status, await refused.json()]).toEqual([
    400,
    expect.objectContaining({
      code: 'request_malformed',
      detail: expect.stringContaining('hours: must be a whole number from 1 to 24, got '),
    }),
  ]);
});

test('what is older than the hours that are asked for is left out', async () => {
  const { clock, activity, ended } = await setUp();
  await ended('one');
  clock.time = START + 3_600_000 - 1;
  expect(totalsOf((await activity(1)).buckets)).toEqual({ ...NONE, submitted: 1, succeeded: 1 });
  clock.time++;
  expect(totalsOf((await activity(1)).buckets)).toEqual(NONE);
  expect(totalsOf((await activity(2)).buckets)).toEqual({ ...NONE, submitted: 1, succeeded: 1 });
});

test('a redriven request ends again', async () => {
  let fails = true;
  const { clock, service, storage, counted, ended } = await setUp(async () => {
    if (fails) throw new Error('again');
  });
  await ended('one');
  const letters = storage.input(QUEUES.deadLetters);
  await expect.poll(async () => (await letters.read()).waiting).toBe(1);
  fails = false;
  clock.advanceSeconds(BUCKET_SECONDS);
  await service.redrive();
  await expect
    .poll(() => counted())
    .toEqual([
      [0, { submitted: 1, failed: 1 }],
      [BUCKET_SECONDS, { succeeded: 1 }],
    ]);
});

test('under random load, the sums of the buckets are the figures of the ledger', async () => {
  const { clock, service, storage, activity } = await setUp();
  const step = fc.record({
    seconds: fc.integer({ min: 0, max: 400 }),
    payloads: fc.array(fc.constantFrom('fine', 'fail', 'retry', 'late', 'cancel'), { maxLength: 8 }),
  });
  let total = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
      for (const { seconds, payloads } of steps) {
        clock.advanceSeconds(seconds);
        total += payloads.length;
        await Promise.all(
          payloads.map(async (payload) => {
            const isHeld = payload === 'cancel';
            const { id } = await service.submit(payload, {
              ...(isHeld && { notBefore: new Date(clock.now() + DAY_SECONDS * 1_000) }),
              ...(payload === 'late' && { expiresAt: new Date(clock.now()) }),
            });
            await (isHeld ? service.cancel(id) : service.wait(id));
          }),
        );
        const { accepted, ended, deadLettered } = await storage.ledger().read();
        const totals = totalsOf((await activity(MAX_ACTIVITY_HOURS)).buckets);
        expect(totals).toEqual({ submitted: accepted, ...ended, failed: ended.failed + deadLettered });
        expect(accepted).toBe(total);
      }
    }),
    { numRuns: 5 },
  );
});

test('two processes that are killed while they use one file have counted what is in it', async () => {
  const path = join(await temporaryFolder(), 'a.db');
  const processes = ['a', 'b'].map((name) => killAfterLines(SUBMIT_AND_HANDLE, [path, name], 60));
  await Promise.all(processes);
  await using storage = await Storage.open(path, Date);
  const { buckets } = await activityOf(storage.activity(), 1, Date.now());
  const { accepted, ended } = await storage.ledger().read();
  expect(accepted).toBeGreaterThanOrEqual(120);
  expect(ended.succeeded).toBeGreaterThan(0);
  expect(totalsOf(buckets)).toEqual({ submitted: accepted, ...ended });
});

test('a success that turns into a failure ended once', async () => {
  const { clock, file, activity, ended } = await setUp();
  await ended('one');
  clock.advanceSeconds(BUCKET_SECONDS);
  const database = new DatabaseSync(file);
  database.exec(`UPDATE records SET outcome = '{}',
    record = json_set(record, '$.status', 'failed', '$.updatedAt', ${clock.now()})`);
  database.close();
  expect(totalsOf((await activity()).buckets)).toEqual({ ...NONE, submitted: 1, failed: 1 });
});

test('a file of an earlier version begins with the requests that are in it', async () => {
  const { clock, file, service, ended, counted } = await setUp();
  for (const payload of ['one', 'fail']) await ended(payload);
  clock.advanceSeconds(BUCKET_SECONDS);
  await ended('retry');
  await service.submit('later', { notBefore: new Date(clock.now() + 3_600_000) });
  const before = await counted();
  await service.close();
  const database = new DatabaseSync(file);
  const triggers = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE '%activity%'")
    .all();
  expect(triggers).toHaveLength(4);
  for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`);
  database.exec('DROP TABLE activity');
  database.close();
  await using storage = await Storage.open(file, clock);
  const { buckets } = await activityOf(storage.activity(), 1, clock.now());
  expect(totalsOf(buckets)).toEqual({ ...NONE, submitted: 4, succeeded: 1, failed: 2 });
  expect(before).toHaveLength(2);
});

test('old counts are deleted', async () => {
  const { clock, storage, ended, sweepNow } = await setUp();
  const rows = () => storage.file.statement('SELECT count(*) AS count FROM activity').get()?.count;
  await ended('one');
  clock.advanceSeconds((MAX_ACTIVITY_HOURS + 1) * 3_600);
  await sweepNow();
  expect(rows()).toBe(2);
  clock.advanceSeconds(BUCKET_SECONDS);
  await sweepNow();
  expect(rows()).toBe(0);
});

test('an upload that never comes expires when its record is deleted', async () => {
  const { clock, service, storage, activity, fetch, sweepNow } = await setUp();
  const body = JSON.stringify({ size: 1 });
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${BASE_URL}/v1/uploads`, { method: 'POST', headers, body })).status).toBe(201);
  clock.advanceSeconds(8 * DAY_SECONDS);
  await sweepNow();
  expect((await storage.ledger().read()).ended).toMatchObject({ expired: 1 });
  expect(totalsOf((await activity()).buckets)).toEqual({ ...NONE, expired: 1 });
  await service.close();
});
