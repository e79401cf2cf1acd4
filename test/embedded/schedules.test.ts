import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openService, type ServiceOptions } from 'coatcheck/embedded';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openServiceAt } from '../../lib/embedded/open-service.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { START, TestClock } from '../support/test-clock.ts';
import { handler } from './programs/processor.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-schedules-'));
  file = join(folder, 'jobs.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const logger = new CollectingLogger();

function optionsOf(options: Partial<ServiceOptions> = {}): ServiceOptions {
  return { file, processor: handler, logger, ...options };
}

test('the runs of a schedule are handled, whichever process has it', async () => {
  const clock = new TestClock();
  await using service = await openServiceAt(optionsOf(), clock);
  await using other = await openServiceAt(optionsOf({ processor: undefined }), clock);
  const { nextRuns } = await other.schedule(
    { number: 4 },
    { name: 'minutely', everyMinutes: 1, tenant: 'acme', priority: 'high' },
  );
  expect(nextRuns[0]).toEqual(new Date(START + 60_000));
  for (const minute of [1, 2]) {
    clock.advanceSeconds(60);
    const id = `minutely.2026-01-31T12:0${minute}:00Z`;
    await eventually(async () => {
      expect(await service.request(id, { tenant: 'acme' })).toMatchObject({
        status: 'succeeded',
        priority: 'high',
        attempts: 1,
      });
    });
  }
  expect(await service.schedules({ tenant: 'acme' })).toMatchObject([
    { name: 'minutely', lastRun: { requestId: 'minutely.2026-01-31T12:02:00Z' } },
  ]);
  expect(await service.schedules()).toEqual([]);
  expect(await service.unschedule('minutely')).toBe(false);
  expect(await service.unschedule('minutely', { tenant: 'acme' })).toBe(true);
  expect(await service.unschedule('minutely', { tenant: 'acme' })).toBe(false);
});

test('schedules stay when the service closes, and the last missed run is made up for', async () => {
  const clock = new TestClock();
  const first = await openServiceAt(optionsOf(), clock);
  await first.schedule({ number: 4 }, { name: 'daily', cron: '0 6 * * *', timeZone: 'Europe/Berlin' });
  await first.close();
  clock.advanceSeconds(10 * 86_400);
  await using second = await openServiceAt(optionsOf(), clock);
  await eventually(async () => {
    expect(await second.request('daily.2026-02-10T05:00:00Z')).toMatchObject({ status: 'succeeded' });
  });
});

test('a schedule stays paused over a restart, and makes up for no run when it is resumed', async () => {
  const clock = new TestClock();
  const minutely = { name: 'minutely', everyMinutes: 1, missed: 'last' } as const;
  const first = await openServiceAt(optionsOf(), clock);
  await first.schedule({ number: 4 }, minutely);
  await first.pauseSchedule('minutely');
  await first.close();

  clock.advanceSeconds(600);
  await using second = await openServiceAt(optionsOf(), clock);
  // A program adds its schedules at each start.
  await second.schedule({ number: 4 }, minutely);
  await second.schedule({ number: 4 }, { name: 'other', everyMinutes: 1 });
  clock.advanceSeconds(60);
  const [paused] = await eventually(async () => {
    const schedules = await second.schedules();
    expect(schedules[1]?.lastRun).toMatchObject({ requestId: 'other.2026-01-31T12:11:00Z' });
    return schedules;
  });
  expect(paused).toMatchObject({ name: 'minutely', pausedAt: new Date(START), nextRuns: [] });
  expect(paused).not.toHaveProperty('lastRun');

  const { nextRuns } = await second.resumeSchedule('minutely');
  expect(nextRuns[0]).toEqual(new Date('2026-01-31T12:12:00Z'));
  clock.advanceSeconds(60);
  await eventually(async () => {
    expect(await second.request('minutely.2026-01-31T12:12:00Z')).toMatchObject({ status: 'succeeded' });
  });
  for (let minute = 1; minute <= 11; minute++) {
    const time = new Date(START + minute * 60_000).toISOString().replace('.000', '');
    expect(await second.request(`minutely.${time}`)).toBeUndefined();
  }
});

test('a schedule is run at once, also while it is paused', async () => {
  const clock = new TestClock();
  await using service = await openServiceAt(optionsOf(), clock);
  const acme = { tenant: 'acme' };
  const daily = { name: 'daily', cron: '0 6 * * *', priority: 'high', ...acme } as const;
  const { nextRuns } = await service.schedule({ number: 4 }, daily);
  const first = await service.runSchedule('daily', { ...acme, idempotencyKey: 'a' });
  expect(first).toMatchObject({
    id: expect.stringContaining('daily.2026-01-31T12:00:00.000Z.'),
    priority: 'high',
  });
  expect((await service.schedules(acme))[0]?.nextRuns).toEqual(nextRuns);
  await service.pauseSchedule('daily', acme);
  clock.advanceSeconds(60);
  expect(await service.runSchedule('daily', { ...acme, idempotencyKey: 'a' })).toMatchObject({
    id: first.id,
  });
  const second = await service.runSchedule('daily', acme);
  expect(second.id).toContain('daily.2026-01-31T12:01:00.000Z.');
  for (const { id } of [first, second]) {
    expect(await service.wait(id, acme)).toMatchObject({ status: 'succeeded' });
  }
  expect(await service.schedules(acme)).toMatchObject([{ pausedAt: new Date(START), nextRuns: [] }]);
  await expect(service.runSchedule('daily')).rejects.toMatchObject({ code: 'schedule_unknown' });
});

test('a schedule that can not be is refused', async () => {
  await using service = await openService(optionsOf());
  await expect(service.schedule(1, { name: 'a', cron: '0 6 * *' })).rejects.toMatchObject({
    code: 'schedule_invalid',
    message:
      'cron must have 5 fields, minute hour day-of-month month day-of-week, like 30 6 * * MON-FRI, got 4: "0 6 * *"',
  });
  await expect(service.schedule(1, { name: 'a', everyMinutes: 1, tenant: '' })).rejects.toMatchObject({
    code: 'tenant_invalid',
  });
});
