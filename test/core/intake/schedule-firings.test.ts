import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ScheduleFirings } from '../../../lib/core/intake/schedule-firings.ts';
import { ScheduleRunner } from '../../../lib/core/intake/schedule-runner.ts';
import { type NewSchedule, Schedules } from '../../../lib/core/intake/schedules.ts';
import type { ScheduleStore } from '../../../lib/core/ports/schedule-store.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { Faults, InjectedFault } from '../../../lib/stores/memory/faults.ts';
import { SqliteScheduleStore } from '../../../lib/stores/sqlite/schedule-store.ts';
import { MemoryScheduleTimers } from '../../support/memory-schedule-timers.ts';
import { openSqlite } from '../../support/sqlite.ts';
import { SubmissionService } from '../../support/submission-service.ts';
import { START, TestClock } from '../../support/test-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const HOURLY: NewSchedule = {
  name: 'hourly',
  cron: '0 * * * *',
  payload: Buffer.from('{"x":6}'),
  contentType: 'application/json',
};

/** Schedules with timers, whose calls can fail. */
async function timed() {
  const { file } = await openSqlite();
  const service = new SubmissionService();
  const { logger, clock: recordClock } = service.harness;
  const clock = Object.assign(new TestClock(), {
    sleep: async (milliseconds: number) => {
      clock.time += milliseconds;
    },
  });
  const timers = new MemoryScheduleTimers();
  const faults = new Faults<'put' | 'remove'>();
  const inner = new SqliteScheduleStore(file);
  const store: ScheduleStore = {
    put: (...args) => faults.around('put', () => inner.put(...args)),
    remove: (...args) => faults.around('remove', () => inner.remove(...args)),
    list: (...args) => inner.list(...args),
    count: (...args) => inner.count(...args),
    get: (...args) => inner.get(...args),
    take: (...args) => inner.take(...args),
    advance: (...args) => inner.advance(...args),
    noteManualRun: (...args) => inner.noteManualRun(...args),
  };
  const schedules = new Schedules({ store, timers, clock, logger });
  const runner = new ScheduleRunner({
    store,
    submissionsFor: () => service.submissions,
    records: new RequestRecords(service.harness.records, recordClock.now, 30),
    clock,
    logger,
    punctualMilliseconds: 3 * MINUTE,
  });
  const firings = new ScheduleFirings({ store, timers, runner, clock, logger });
  const fireAll = async (at: number) => {
    clock.time = at;
    for (const timer of timers.running) await firings.fire(timer);
  };
  return { service, schedules, store, timers, faults, firings, fireAll, clock };
}

test('each firing submits the run that is due, once', async () => {
  const { schedules, fireAll, timers, service } = await timed();
  await schedules.put({ ...HOURLY, missed: 'skip' });
  await fireAll(START + HOUR + 90_000);
  await fireAll(START + HOUR + 91_000);
  await fireAll(START + 3 * HOUR + 4 * MINUTE);
  await fireAll(START + 4 * HOUR);
  expect(service.inFlight).toEqual(['hourly.2026-01-31T13:00:00Z', 'hourly.2026-01-31T16:00:00Z']);
  expect(timers.running).toHaveLength(1);
});

test('a schedule that is paused has no timer, and one that fires late submits nothing', async () => {
  const { schedules, fireAll, firings, timers, service, clock } = await timed();
  await schedules.put(HOURLY);
  const [late] = timers.running;
  clock.time = START + HOUR - 1;
  await schedules.pause('hourly', undefined);
  expect(timers.running).toEqual([]);
  clock.time = START + HOUR;
  if (late) await firings.fire(late);
  clock.time = START + 9.5 * HOUR;
  await schedules.resume('hourly', undefined);
  expect(timers.running).toHaveLength(1);
  // A timer that is as new as its schedule isn't taken for that of an old one.
  expect(timers.running[0]).toMatchObject({ createdAt: clock.time });
  await fireAll(START + 10 * HOUR);
  expect(service.inFlight).toEqual(['hourly.2026-01-31T22:00:00Z']);
});

test('a timer whose clock is ahead waits for the run', async () => {
  const { schedules, fireAll, service, clock } = await timed();
  await schedules.put(HOURLY);
  await fireAll(START + HOUR - 6_000);
  expect(service.inFlight).toEqual([]);
  await fireAll(START + HOUR - 40);
  expect(service.inFlight).toEqual(['hourly.2026-01-31T13:00:00Z']);
  expect(clock.time).toBe(START + HOUR);
});

test('a firing that fails is tried again', async () => {
  const { schedules, fireAll, service } = await timed();
  await schedules.put(HOURLY);
  service.queue.faults.inject('send', 'fails before');
  await expect(fireAll(START + HOUR)).rejects.toThrow(InjectedFault);
  await fireAll(START + HOUR + MINUTE);
  expect(service.inFlight).toEqual(['hourly.2026-01-31T13:00:00Z']);
});

test('a timer that fires while its schedule is being stored goes on', async () => {
  const { schedules, store, timers, firings, clock } = await timed();
  const early = { name: 'hourly', revision: 'early', createdAt: clock.time };
  await timers.start({ ...(await newScheduleOf(schedules, store)), createdAt: clock.time }, 'early');
  await firings.fire(early);
  expect(timers.running.map(({ revision }) => revision)).toContain('early');
  clock.time += MINUTE;
  await firings.fire(early);
  expect(timers.running.map(({ revision }) => revision)).not.toContain('early');
});

async function newScheduleOf(schedules: Schedules, store: ScheduleStore) {
  await schedules.put(HOURLY);
  const stored = await store.get({ name: 'hourly' });
  if (!stored) throw new Error('not stored');
  return stored.schedule;
}

const fault = fc.constantFrom('fails before' as const, 'fails after' as const, 'works' as const);

/** One change of a schedule, and what happens to its calls. */
const change = fc.record({
  type: fc.constantFrom('put' as const, 'remove' as const),
  name: fc.constantFrom('a', 'b'),
  start: fault,
  store: fault,
  stop: fault,
});

test('whatever call fails, each schedule has a timer, and no timer fires forever without one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
      const { schedules, store, timers, faults, fireAll, clock, service } = await timed();
      for (const { type, name, ...meets } of changes) {
        for (const call of ['start', 'stop'] as const) {
          timers.faults.clear(call);
          timers.faults.inject(call, meets[call]);
        }
        faults.clear(type);
        faults.inject(type, meets.store);
        const changing =
          type === 'put' ? schedules.put({ ...HOURLY, name }) : schedules.remove(name, undefined);
        await changing.catch((error: unknown) => expect(error).toBeInstanceOf(InjectedFault));
        clock.time += 1_000;
      }
      timers.faults.clear('stop');
      await fireAll(START + HOUR);
      const stored = await Promise.all(['a', 'b'].map((name) => store.get({ name })));
      const expected = stored.filter((each) => each !== undefined);
      expect(timers.running.map(({ revision }) => revision).toSorted()).toEqual(
        expected.map(({ revision }) => revision).toSorted(),
      );
      expect(service.inFlight.toSorted()).toEqual(
        expected.map(({ schedule }) => `${schedule.name}.2026-01-31T13:00:00Z`).toSorted(),
      );
    }),
    { numRuns: 60 },
  );
});
