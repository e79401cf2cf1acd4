import { describe, expect, test } from 'vitest';
import type { Schedule } from '../../lib/core/model/schedule.ts';
import type { ScheduleStore } from '../../lib/core/ports/schedule-store.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;

const SCHEDULE: Schedule = {
  name: 'nightly.v1_a-b',
  tenant: 'żółć "acme"',
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  startAt: NOW - MINUTE,
  endAt: NOW + 1_000 * MINUTE,
  overlap: 'skip',
  missed: 'last',
  payload: Buffer.from([0, 1, 250, 255]).toString('base64'),
  contentType: 'application/json',
  metadata: { a: '<b>' },
  topic: 'reports',
  createdAt: NOW,
};

const KEY = { name: SCHEDULE.name, tenant: SCHEDULE.tenant };

/** The behaviour of every store of schedules. */
export function exerciseScheduleStore(name: string, open: () => Promise<ScheduleStore>): void {
  describe(name, () => {
    test('there are none before the first put', async () => {
      const store = await open();
      expect(await store.list('acme')).toEqual([]);
      expect(await store.count(undefined)).toBe(0);
      expect(await store.get(KEY)).toBeUndefined();
      expect(await store.take(KEY, NOW, NOW + 1)).toBeUndefined();
      expect(await store.remove(KEY)).toBeUndefined();
    });

    test('a schedule comes back as it was put', async () => {
      const store = await open();
      expect(await store.put(SCHEDULE, 'r-1', NOW + MINUTE)).toBeUndefined();
      const stored = { schedule: SCHEDULE, state: { nextAt: NOW + MINUTE }, revision: 'r-1' };
      expect(await store.get(KEY)).toEqual(stored);
      const { payload: _, ...listed } = SCHEDULE;
      expect(await store.list(KEY.tenant)).toMatchObject([{ ...stored, schedule: listed }]);
      expect(await store.remove(KEY)).toBe('r-1');
      expect(await store.get(KEY)).toBeUndefined();
      expect(await store.list(KEY.tenant)).toEqual([]);
    });

    test('it keeps its latest run when it is put again, and has no lease', async () => {
      const store = await open();
      await store.put(SCHEDULE, 'r-1', NOW);
      const taken = await store.take(KEY, NOW, NOW + MINUTE);
      if (!taken) throw new Error('not taken');
      await store.advance(taken, { nextAt: NOW, lastAt: NOW - MINUTE, lastRequestId: 'id-1' });
      await store.take(KEY, NOW, NOW + MINUTE);
      const changed: Schedule = { ...SCHEDULE, cron: undefined, everyMinutes: 5, topic: undefined };
      expect(await store.put(changed, 'r-2', NOW)).toBe('r-1');
      expect(await store.take(KEY, NOW, NOW + MINUTE)).toEqual({
        schedule: changed,
        state: { nextAt: NOW, lastAt: NOW - MINUTE, lastRequestId: 'id-1' },
        revision: 'r-2',
      });
    });

    test('it replaces only the revision that the caller knows', async () => {
      const store = await open();
      expect(await store.put(SCHEDULE, 'r-1', NOW, 'r-0')).toBeUndefined();
      expect(await store.get(KEY)).toBeUndefined();
      await store.put(SCHEDULE, 'r-1', NOW);
      const paused = { ...SCHEDULE, pausedAt: NOW };
      expect(await store.put(paused, 'r-2', undefined, 'r-0')).toBeUndefined();
      expect(await store.get(KEY)).toMatchObject({ revision: 'r-1', state: { nextAt: NOW } });
      expect(await store.put(paused, 'r-2', undefined, 'r-1')).toBe('r-1');
      const stored = await store.get(KEY);
      expect([stored?.revision, stored?.schedule]).toEqual(['r-2', paused]);
      expect(stored?.state.nextAt).toBeUndefined();
      expect(await store.take(KEY, NOW + MINUTE, NOW + 2 * MINUTE)).toBeUndefined();
    });

    test('it keeps its latest run outside of its times, whatever else changes', async () => {
      const store = await open();
      const note = (at: number) => store.noteManualRun(KEY, { at, requestId: `id-${at}` });
      await note(NOW - 1);
      expect(await store.get(KEY)).toBeUndefined();
      await store.put(SCHEDULE, 'r-1', NOW);
      expect((await store.get(KEY))?.lastManualRun).toBeUndefined();
      const taken = await store.take(KEY, NOW, NOW + MINUTE);
      await note(NOW + 2);
      await note(NOW + 1);
      const lastManualRun = { at: NOW + 2, requestId: `id-${NOW + 2}` };
      if (taken) await store.advance(taken, { nextAt: NOW + 9, lastAt: NOW, lastRequestId: 'id-1' });
      const state = { nextAt: NOW + 9, lastAt: NOW, lastRequestId: 'id-1' };
      expect(await store.get(KEY)).toEqual({ schedule: SCHEDULE, state, revision: 'r-1', lastManualRun });
      await store.put(SCHEDULE, 'r-2', NOW);
      expect(await store.list(KEY.tenant)).toMatchObject([{ revision: 'r-2', lastManualRun }]);
      await store.remove(KEY);
      await store.put(SCHEDULE, 'r-3', NOW);
      expect((await store.get(KEY))?.lastManualRun).toBeUndefined();
    });

    test('tenants have schedules of their own, by name', async () => {
      const store = await open();
      const tenants = [undefined, 'undefined', 'acme', '"acme"'];
      for (const tenant of tenants) {
        for (const each of ['b', 'B', 'a']) await store.put({ ...SCHEDULE, tenant, name: each }, each, NOW);
      }
      await store.remove({ name: 'b', tenant: 'acme' });
      for (const tenant of tenants) {
        const names = (await store.list(tenant)).map(({ schedule }) => [schedule.name, schedule.tenant]);
        const expected = (tenant === 'acme' ? ['B', 'a'] : ['B', 'a', 'b']).map((each) => [each, tenant]);
        expect(names).toEqual(expected);
        expect(await store.count(tenant)).toBe(expected.length);
      }
    });

    test('one process takes what is due, and others do when its lease has ended', async () => {
      const store = await open();
      await store.put(SCHEDULE, 'r-1', NOW);
      expect(await store.take(KEY, NOW - 1, NOW + MINUTE)).toBeUndefined();
      const takers = Array.from({ length: 5 }, () => store.take(KEY, NOW, NOW + MINUTE));
      expect((await Promise.all(takers)).filter((taken) => taken !== undefined)).toHaveLength(1);
      expect(await store.take(KEY, NOW + MINUTE - 1, NOW + 2 * MINUTE)).toBeUndefined();
      const taken = await store.take(KEY, NOW + MINUTE, NOW + 2 * MINUTE);
      expect(taken).toMatchObject({ schedule: SCHEDULE, revision: 'r-1' });
      if (taken) await store.advance(taken, { nextAt: NOW + 5, lastAt: NOW, lastRequestId: 'id-1' });
      expect(await store.take(KEY, NOW + 4, NOW + MINUTE)).toBeUndefined();
      expect(await store.take(KEY, NOW + 5, NOW + MINUTE)).toMatchObject({
        state: { nextAt: NOW + 5, lastAt: NOW, lastRequestId: 'id-1' },
      });
    });

    test('after its last run it is not due any more', async () => {
      const store = await open();
      await store.put(SCHEDULE, 'r-1', NOW);
      const taken = await store.take(KEY, NOW, NOW + MINUTE);
      if (taken) await store.advance(taken, { lastAt: NOW, lastRequestId: 'id-1' });
      expect(await store.take(KEY, NOW + 9 * MINUTE, NOW + 10 * MINUTE)).toBeUndefined();
      expect(await store.get(KEY)).toMatchObject({ state: { lastAt: NOW, lastRequestId: 'id-1' } });
    });

    test.each([
      ['put again', async (store: ScheduleStore) => store.put(SCHEDULE, 'r-2', NOW + 5)],
      ['removed', async (store: ScheduleStore) => store.remove(KEY)],
    ])('one that was %s meanwhile does not advance', async (_, meanwhile) => {
      const store = await open();
      await store.put(SCHEDULE, 'r-1', NOW);
      const taken = await store.take(KEY, NOW, NOW + MINUTE);
      await meanwhile(store);
      const before = await store.get(KEY);
      if (taken) await store.advance(taken, { nextAt: NOW + 99, lastAt: NOW, lastRequestId: 'id-1' });
      expect(await store.get(KEY)).toEqual(before);
    });
  });
}
