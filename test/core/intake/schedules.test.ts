import { describe, expect, test } from 'vitest';
import { runDueSchedules } from '../../../lib/core/intake/run-due-schedules.ts';
import { ScheduleRunner } from '../../../lib/core/intake/schedule-runner.ts';
import { type NewSchedule, Schedules } from '../../../lib/core/intake/schedules.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { SqliteScheduleStore } from '../../../lib/stores/sqlite/schedule-store.ts';
import { decodedRequest } from '../../support/decoded.ts';
import { openSqlite } from '../../support/sqlite.ts';
import { SubmissionService } from '../../support/submission-service.ts';
import { START } from '../../support/test-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const HOURLY: NewSchedule = {
  name: 'hourly',
  cron: '0 * * * *',
  payload: Buffer.from('{"x":6}'),
  contentType: 'application/json',
};

/** Schedules in a file, whose requests wait in memory. */
async function scheduling() {
  const { file } = await openSqlite();
  const service = new SubmissionService();
  const { clock, logger } = service.harness;
  const records = new RequestRecords(service.harness.records, clock.now, 30);
  const store = new SqliteScheduleStore(file);
  const schedules = new Schedules({ store, clock, logger });
  const runner = new ScheduleRunner({
    store,
    submissionsFor: () => service.submissions,
    records,
    clock,
    logger,
  });
  const runNow = async (name: string, tenant?: string, key?: string) => {
    const { record } = await schedules.runNow({ name, tenant }, key, (request) =>
      service.submissions.accept(request),
    );
    return record.request.id;
  };
  const runDue = (one = runner) => runDueSchedules({ due: store, runner: one, clock, logger });
  const runAt = async (time: number) => {
    clock.time = time;
    await runDue();
  };
  return {
    service,
    store,
    schedules,
    runNow,
    runDue,
    runAt,
    clock,
    file,
    records,
    ids: () => service.inFlight,
  };
}

test('a schedule submits its request at each of its runs, with the id of the run', async () => {
  const { service, schedules, runAt, ids } = await scheduling();
  const metadata = { a: 'b' };
  const view = await schedules.put({ ...HOURLY, tenant: 'acme', topic: 'reports', metadata });
  expect(view).toEqual({
    name: 'hourly',
    cron: '0 * * * *',
    timeZone: 'UTC',
    overlap: 'queue',
    missed: 'last',
    topic: 'reports',
    createdAt: new Date(START),
    nextRuns: [1, 2, 3, 4, 5].map((hours) => new Date(START + hours * HOUR)),
  });
  await runAt(START + HOUR - 1);
  expect(ids()).toEqual([]);
  await runAt(START + HOUR + 5);
  await runAt(START + HOUR + 10);
  await runAt(START + 2 * HOUR);
  expect(ids()).toEqual(['hourly.2026-01-31T13:00:00Z', 'hourly.2026-01-31T14:00:00Z']);
  expect(decodedRequest(service.queue.sent[0]?.message)).toMatchObject({
    tenant: 'acme',
    topic: 'reports',
    metadata,
    payload: { inline: '{"x":6}' },
  });
  expect(await schedules.get('hourly', 'acme')).toMatchObject({
    lastRun: { at: new Date(START + 2 * HOUR), requestId: 'hourly.2026-01-31T14:00:00Z' },
  });
});

test('several processes submit each run once', async () => {
  const { schedules, runDue, store, service, clock, records, ids } = await scheduling();
  const other = new ScheduleRunner({
    store,
    submissionsFor: () => service.submissions,
    records,
    clock,
    logger: service.harness.logger,
  });
  await schedules.put(HOURLY);
  for (let hours = 1; hours <= 3; hours++) {
    clock.time = START + hours * HOUR;
    await Promise.all([runDue(), runDue(other), runDue()]);
  }
  expect(ids()).toHaveLength(3);
});

test('a process that dies with a run is followed by another, with the same request', async () => {
  const { schedules, store, runAt, ids, service } = await scheduling();
  await schedules.put(HOURLY);
  // It took the run, and no one knows whether it submitted it.
  await store.take(HOURLY, START + HOUR, START + HOUR + 30_000);
  await service.submissions.submit(
    { payload: Buffer.from('{"x":6}'), contentType: 'application/json', metadata: {} },
    'hourly.2026-01-31T13:00:00Z',
  );
  await runAt(START + HOUR + 29_000);
  expect(ids()).toHaveLength(1);
  await runAt(START + HOUR + 30_000);
  await service.deliver();
  expect(service.runs.map(({ id }) => id)).toEqual(['hourly.2026-01-31T13:00:00Z']);
});

test('a run that can not be submitted is tried again', async () => {
  const { schedules, service, runAt, ids } = await scheduling();
  await schedules.put(HOURLY);
  service.queue.faults.inject('send', 'fails before');
  await runAt(START + HOUR);
  expect(ids()).toEqual([]);
  await runAt(START + HOUR + 31_000);
  expect(ids()).toEqual(['hourly.2026-01-31T13:00:00Z']);
});

describe('runs that were missed', () => {
  test.each([
    ['last', ['hourly.2026-01-31T18:00:00Z', 'hourly.2026-01-31T19:00:00Z']],
    ['skip', ['hourly.2026-01-31T19:00:00Z']],
  ] as const)('with %s leave %j', async (missed, expected) => {
    const { schedules, runAt, ids } = await scheduling();
    await schedules.put({ ...HOURLY, missed });
    await runAt(START + 6.5 * HOUR);
    await runAt(START + 7 * HOUR);
    expect(ids()).toEqual(expected);
  });

  test('a run that is a little late was not missed', async () => {
    const { schedules, runAt, ids } = await scheduling();
    await schedules.put({ ...HOURLY, missed: 'skip' });
    await runAt(START + HOUR + 59_999);
    expect(ids()).toHaveLength(1);
  });
});

describe('a run while the one before has not ended', () => {
  test.each([
    ['queue', 3],
    ['skip', 2],
  ] as const)('with %s: %i runs', async (overlap, count) => {
    const { schedules, service, runAt, ids } = await scheduling();
    await schedules.put({ ...HOURLY, overlap });
    await runAt(START + HOUR);
    await runAt(START + 2 * HOUR);
    const waiting = ids().length;
    await service.deliver();
    await runAt(START + 3 * HOUR);
    expect(waiting + ids().length).toBe(count);
  });

  test('with cancel, the request before is cancelled first', async () => {
    const { schedules, service, runAt, ids, records } = await scheduling();
    await schedules.put({ ...HOURLY, tenant: 'acme', overlap: 'cancel' });
    await runAt(START + HOUR);
    const first = { id: 'hourly.2026-01-31T13:00:00Z', source: '', tenant: 'acme' };
    service.queue.faults.inject('send', 'fails before');
    await runAt(START + 2 * HOUR);
    expect(await records.find(first)).toMatchObject({ status: 'cancelled' });
    await runAt(START + 2 * HOUR + 31_000);
    expect(ids()).toEqual([first.id, 'hourly.2026-01-31T14:00:00Z']);
    await service.deliver();
    expect(service.runs.map(({ id }) => id)).toEqual(['hourly.2026-01-31T14:00:00Z']);
    await runAt(START + 3 * HOUR);
    expect(await records.find({ ...first, id: 'hourly.2026-01-31T14:00:00Z' })).toMatchObject({
      status: 'succeeded',
    });
  });
});

test('a schedule that is put again as it is keeps its due run, and the times that it counts from', async () => {
  const { schedules, runAt, ids, clock } = await scheduling();
  const every = { ...HOURLY, cron: undefined, everyMinutes: 60 };
  await schedules.put(every);
  clock.time = START + 1.5 * HOUR;
  expect(await schedules.put(every)).toMatchObject({ createdAt: new Date(START) });
  await runAt(START + 1.5 * HOUR);
  await runAt(START + 2 * HOUR);
  expect(ids()).toEqual(['hourly.2026-01-31T13:00:00Z', 'hourly.2026-01-31T14:00:00Z']);
  await schedules.put({ ...every, metadata: { changed: 'yes' } });
  expect((await schedules.get('hourly', undefined)).createdAt).toEqual(new Date(START + 2 * HOUR));
});

test('a run that comes again after a clock was set back is not cancelled', async () => {
  const { schedules, service, runAt, clock } = await scheduling();
  await schedules.put({ ...HOURLY, overlap: 'cancel' });
  await runAt(START + HOUR);
  clock.time = START + HOUR - 1;
  await schedules.put({ ...HOURLY, overlap: 'cancel', timeZone: 'Etc/UTC' });
  await runAt(START + HOUR);
  await service.deliver();
  expect(service.runs.map(({ id }) => id)).toEqual(['hourly.2026-01-31T13:00:00Z']);
});

test('a schedule that is put again keeps its name and has its new runs', async () => {
  const { schedules, runAt, ids } = await scheduling();
  await schedules.put(HOURLY);
  await runAt(START + HOUR);
  await schedules.put({ ...HOURLY, cron: undefined, everyMinutes: 10 });
  expect((await schedules.list(undefined)).map(({ name, lastRun }) => [name, lastRun?.requestId])).toEqual([
    ['hourly', 'hourly.2026-01-31T13:00:00Z'],
  ]);
  await runAt(START + HOUR + 10 * MINUTE);
  expect(ids()).toEqual(['hourly.2026-01-31T13:00:00Z', 'hourly.2026-01-31T13:10:00Z']);
});

test('one that was put while its run was submitted is not set back', async () => {
  const { schedules, store, clock } = await scheduling();
  await schedules.put(HOURLY);
  clock.time = START + HOUR;
  const taken = await store.take(HOURLY, clock.time, clock.time + 1);
  await schedules.put({ ...HOURLY, cron: '30 * * * *' });
  if (taken) await store.advance(taken, { nextAt: START + 9 * HOUR });
  expect((await schedules.get('hourly', undefined)).nextRuns[0]).toEqual(new Date(START + 1.5 * HOUR));
});

test('a schedule that is paused has no runs, and no burst of them when it is resumed', async () => {
  const { schedules, runAt, ids } = await scheduling();
  await schedules.put(HOURLY);
  await runAt(START + HOUR);
  await runAt(START + 1.5 * HOUR);
  const paused = await schedules.pause('hourly', undefined);
  expect(paused).toMatchObject({ pausedAt: new Date(START + 1.5 * HOUR), nextRuns: [] });
  await runAt(START + 2 * HOUR);
  expect(await schedules.pause('hourly', undefined)).toEqual(paused);
  // A program that adds its schedules at each start doesn't resume them, as they are or changed.
  expect(await schedules.put(HOURLY)).toEqual(paused);
  const changed = await schedules.put({ ...HOURLY, cron: '30 * * * *' });
  expect(changed).toMatchObject({ cron: '30 * * * *', pausedAt: paused.pausedAt, nextRuns: [] });
  await runAt(START + 9 * HOUR);
  const resumed = await schedules.resume('hourly', undefined);
  expect(resumed.nextRuns[0]).toEqual(new Date(START + 9.5 * HOUR));
  expect(resumed).not.toHaveProperty('pausedAt');
  expect(await schedules.resume('hourly', undefined)).toEqual(resumed);
  await runAt(START + 9.5 * HOUR);
  expect(ids()).toEqual(['hourly.2026-01-31T13:00:00Z', 'hourly.2026-01-31T21:30:00Z']);
  for (const change of ['pause', 'resume'] as const) {
    await expect(schedules[change]('none', undefined)).rejects.toMatchObject({ code: 'schedule_unknown' });
  }
});

describe('a run at once', () => {
  test('submits the request of the schedule, and leaves its times and its pause as they are', async () => {
    const { schedules, service, runNow, runAt, clock, ids } = await scheduling();
    const metadata = { a: 'b' };
    await schedules.put({ ...HOURLY, topic: 'reports', metadata, endAt: new Date(START + 2 * HOUR) });
    await runAt(START + HOUR);
    const before = await schedules.get('hourly', undefined);
    clock.time = START + HOUR + 5;
    const id = await runNow('hourly');
    expect(id).toMatch(/^hourly\.2026-01-31T13:00:00\.005Z\.[0-9a-f]{8}$/);
    const [scheduled, now] = service.queue.sent.map(({ message }) => decodedRequest(message));
    expect(now).toEqual({ ...scheduled, id, submittedAt: clock.time });
    const lastManualRun = { at: new Date(clock.time), requestId: id };
    expect(await schedules.get('hourly', undefined)).toEqual({ ...before, lastManualRun });
    const paused = await schedules.pause('hourly', undefined);
    clock.time = START + 3 * HOUR + 7;
    const later = await runNow('hourly');
    expect(await schedules.list(undefined)).toEqual([
      { ...paused, lastManualRun: { at: new Date(clock.time), requestId: later } },
    ]);
    expect(ids()).toEqual(['hourly.2026-01-31T13:00:00Z', id, later]);
  });

  test('is a request for each call of one millisecond, with and without a key', async () => {
    const { schedules, runNow, ids } = await scheduling();
    await schedules.put(HOURLY);
    for (const key of [undefined, undefined, 'a', 'b']) await runNow('hourly', undefined, key);
    expect(new Set(ids()).size).toBe(4);
  });

  test('is submitted although its schedule can’t be changed then, which is logged', async () => {
    const { schedules, service, store, runNow, ids } = await scheduling();
    await schedules.put(HOURLY);
    store.noteManualRun = () => Promise.reject(new Error('disk full'));
    const id = await runNow('hourly');
    expect(ids()).toEqual([id]);
    expect(await schedules.get('hourly', undefined)).not.toHaveProperty('lastManualRun');
    expect(service.harness.logger.lines.at(-1)).toMatchObject({
      level: 'warn',
      fields: { schedule: 'hourly', requestId: id, error: { message: 'disk full' } },
    });
  });

  test('is one request for all calls with one key of its schedule', async () => {
    const { schedules, service, runNow, clock, ids } = await scheduling();
    await schedules.put(HOURLY);
    await schedules.put({ ...HOURLY, name: 'other' });
    await schedules.put({ ...HOURLY, tenant: 'acme' });
    const runOne = async (name: string, tenant?: string) => {
      clock.time += 1;
      return runNow(name, tenant, 'deploy-42');
    };
    const first = await runOne('hourly');
    expect(await runOne('hourly')).toBe(first);
    const others = [await runOne('other'), await runOne('hourly', 'acme')];
    expect(ids()).toEqual([first, ...others]);
    const { payload, contentType } = HOURLY;
    const other = { payload, contentType, metadata: {}, idempotencyKey: 'deploy-42' };
    expect((await service.submissions.submit(other)).request.id).not.toBe(first);
    await schedules.put({ ...HOURLY, payload: Buffer.from('{"x":7}') });
    await expect(runOne('hourly')).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('needs a schedule of the tenant', async () => {
    const { schedules, runNow } = await scheduling();
    await schedules.put({ ...HOURLY, tenant: 'acme' });
    for (const tenant of [undefined, 'other']) {
      await expect(runNow('hourly', tenant)).rejects.toMatchObject({
        code: 'schedule_unknown',
      });
    }
  });
});

test('minutes are counted from the same time after a pause', async () => {
  const { schedules, clock } = await scheduling();
  await schedules.put({ ...HOURLY, cron: undefined, everyMinutes: 45 });
  await schedules.pause('hourly', undefined);
  clock.time = START + 100 * MINUTE;
  const { nextRuns } = await schedules.resume('hourly', undefined);
  expect(nextRuns[0]).toEqual(new Date(START + 135 * MINUTE));
});

test('a run that had begun when its schedule was paused is submitted, and is the last one', async () => {
  const { schedules, store, clock, service, runAt, ids } = await scheduling();
  await schedules.put(HOURLY);
  clock.time = START + HOUR;
  const taken = await store.take(HOURLY, clock.time, clock.time + MINUTE);
  await schedules.pause('hourly', undefined);
  await service.submissions.submit(
    { payload: Buffer.from('{}'), contentType: 'application/json', metadata: {} },
    'begun',
  );
  if (taken) await store.advance(taken, { nextAt: START + 2 * HOUR });
  await runAt(START + 9 * HOUR);
  expect(ids()).toEqual(['begun']);
  expect(await schedules.get('hourly', undefined)).toMatchObject({ nextRuns: [] });
});

test('a change of a schedule while it is paused is not lost', async () => {
  const { schedules, store } = await scheduling();
  await schedules.put(HOURLY);
  const get = store.get.bind(store);
  let changes = 1;
  store.get = async (key) => {
    const stored = await get(key);
    if (changes-- > 0 && stored) {
      await store.put({ ...stored.schedule, cron: '5 * * * *' }, 'changed', START + 5 * MINUTE);
    }
    return stored;
  };
  expect(await schedules.pause('hourly', undefined)).toMatchObject({ cron: '5 * * * *', nextRuns: [] });
});

test('a pause and a resumption of a schedule while it is put again are not lost', async () => {
  const { schedules, store } = await scheduling();
  await schedules.put(HOURLY);
  const get = store.get.bind(store);
  for (const [change, cron] of [
    ['pause', '5 * * * *'],
    ['resume', '10 * * * *'],
  ] as const) {
    store.get = async (key) => {
      const stored = await get(key);
      store.get = get;
      await schedules[change]('hourly', undefined);
      return stored;
    };
    const put = await schedules.put({ ...HOURLY, cron });
    expect([put.cron, put.pausedAt !== undefined]).toEqual([cron, change === 'pause']);
  }
});

test('a removed one has no more runs, and tenants have their own', async () => {
  const { schedules, runAt, ids } = await scheduling();
  expect(await schedules.remove('hourly', undefined)).toBe(false);
  await schedules.put(HOURLY);
  await schedules.put({ ...HOURLY, tenant: 'acme' });
  expect(await schedules.remove('hourly', undefined)).toBe(true);
  expect(await schedules.list(undefined)).toEqual([]);
  await runAt(START + HOUR);
  expect(ids()).toHaveLength(1);
  await expect(schedules.get('hourly', undefined)).rejects.toMatchObject({ code: 'schedule_unknown' });
});

test('the last run ends it', async () => {
  const { schedules, runAt, ids } = await scheduling();
  await schedules.put({ ...HOURLY, endAt: new Date(START + HOUR) });
  await runAt(START + 9 * HOUR);
  await runAt(START + 10 * HOUR);
  expect(ids()).toHaveLength(1);
  expect((await schedules.get('hourly', undefined)).nextRuns).toEqual([]);
});

test('a tenant has 1,000 at most, and can replace them then', async () => {
  class FullStore extends SqliteScheduleStore {
    override async count() {
      return 1_000;
    }
  }
  const { schedules, file, clock, service } = await scheduling();
  await schedules.put(HOURLY);
  const full = new Schedules({ store: new FullStore(file), clock, logger: service.harness.logger });
  await full.put({ ...HOURLY, everyMinutes: 5, cron: undefined });
  await expect(full.put({ ...HOURLY, name: 'other' })).rejects.toMatchObject({
    code: 'schedule_limit',
    message: 'There can be 1000 schedules, and there are 1000: remove one, or replace one by its name',
  });
});

test.each<[Partial<NewSchedule>, string]>([
  [{ name: 'a b' }, 'name must be 1 to 64 letters, digits, _, - and ., and neither . nor .., got "a b"'],
  [{ name: '..' }, 'name must be 1 to 64 letters, digits, _, - and ., and neither . nor .., got ".."'],
  [{ cron: undefined }, 'A schedule must have one of cron and everyMinutes, got none'],
  [{ everyMinutes: 5 }, 'A schedule must have one of cron and everyMinutes, got both'],
  [
    { cron: '61 * * * *' },
    'cron must have as minute 0 to 59, or *, with lists (1,2), ranges (1-5) and steps (*/10), got "61"',
  ],
  [
    { timeZone: 'CEST+2' },
    'timeZone must be a time zone of the IANA database, like Europe/Berlin or UTC, got "CEST+2"',
  ],
  [
    { cron: undefined, everyMinutes: 5, timeZone: 'UTC' },
    'timeZone must come with cron, got "UTC" with everyMinutes',
  ],
  [{ cron: undefined, everyMinutes: 0.5 }, 'everyMinutes must be a whole number from 1 to 527040, got 0.5'],
  [{ endAt: new Date(START) }, 'endAt must be after the first run, got 2026-01-31T12:00:00.000Z'],
  [
    { startAt: new Date(Number.NaN) },
    'startAt must be a time in the years 0000 to 9999, got an invalid date',
  ],
  [{ payload: new Uint8Array() }, 'The payload must have 1 to 65536 bytes, got 0'],
  [
    { topic: 'a b' },
    'topic must have 1 to 128 characters: names of letters, digits, _ and - with dots between them, like images.thumbnail; got 3: "a b"',
  ],
])('%j is refused', async (given, message) => {
  const { schedules } = await scheduling();
  await expect(schedules.put({ ...HOURLY, ...given })).rejects.toMatchObject({
    code: 'schedule_invalid',
    message,
  });
  expect(await schedules.list(undefined)).toEqual([]);
});
