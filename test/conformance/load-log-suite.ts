import { describe, expect, test } from 'vitest';
import type { LoadLog } from '../../lib/core/ports/telemetry.ts';

const MINUTE = Date.UTC(2026, 0, 31, 12);

/** An empty load log. */
export interface LoadLogHarness {
  readonly log: LoadLog;
  /** The same log as another process sees it, or this process after a restart. */
  reopen(): LoadLog;
}

/** The behaviour of every load log. */
export function exerciseLoadLog(name: string, open: () => Promise<LoadLogHarness>): void {
  describe(name, () => {
    test('has nothing where nothing was done', async () => {
      const { log } = await open();
      expect(await log.recent(MINUTE)).toMatchObject({ completed: 0, handled: 0, milliseconds: 0 });
    });

    test('adds up what was done, in one minute and the one before', async () => {
      const { log } = await open();
      await log.add(MINUTE - 1, { completed: 1, handled: 10, milliseconds: 100, releases: 1, squares: 0 });
      await log.add(MINUTE, { completed: 2, handled: 0, milliseconds: 20, releases: 1, squares: 0 });
      await log.add(MINUTE, { completed: 0, handled: 30, milliseconds: 3, releases: 1, squares: 0 });
      expect(await log.recent(MINUTE + 5_000)).toMatchObject({
        completed: 3,
        handled: 40,
        milliseconds: 123,
      });
    });

    test('adds up what many add at once', async () => {
      const { log } = await open();
      await Promise.all(
        Array.from({ length: 20 }, () =>
          log.add(MINUTE, { completed: 5, handled: 6, milliseconds: 7, releases: 1, squares: 0 }),
        ),
      );
      expect(await log.recent(MINUTE)).toMatchObject({ completed: 100, handled: 120, milliseconds: 140 });
    });

    test('adds up what several processes add, and keeps it over a restart', async () => {
      const { log, reopen } = await open();
      await log.add(MINUTE, { completed: 1, handled: 2, milliseconds: 3, releases: 1, squares: 0 });
      await reopen().add(MINUTE, { completed: 10, handled: 20, milliseconds: 30, releases: 1, squares: 0 });
      expect(await reopen().recent(MINUTE)).toMatchObject({ completed: 11, handled: 22, milliseconds: 33 });
    });

    test.each([0, 9_999, 10_000, 35_000, 59_999])(
      'knows the last minute and little more, %i ms into a minute',
      async (into) => {
        const { log } = await open();
        const now = MINUTE + into;
        await log.add(now - 70_000, { completed: 1, handled: 10, milliseconds: 0, releases: 1, squares: 0 });
        await log.add(now - 59_999, { completed: 2, handled: 20, milliseconds: 0, releases: 1, squares: 0 });
        await log.add(now, { completed: 4, handled: 40, milliseconds: 0, releases: 1, squares: 0 });
        const { completed, handled, seconds } = await log.recent(now);
        expect(completed).toBe(6);
        expect(handled).toBe(60);
        expect(seconds).toBeGreaterThanOrEqual(60);
        expect(seconds).toBeLessThan(70);
      },
    );

    test('adds up what is needed for the variance, and by windows of 10 seconds', async () => {
      const { log } = await open();
      await log.add(MINUTE, { completed: 1, handled: 1, milliseconds: 100, releases: 1, squares: 10_000 });
      await log.add(MINUTE + 25_000, {
        completed: 3,
        handled: 3,
        milliseconds: 60,
        releases: 2,
        squares: 2_000,
      });
      const { releases, squares, windows } = await log.recent(MINUTE + 29_000);
      expect({ releases, squares }).toEqual({ releases: 3, squares: 12_000 });
      expect(windows.filter(({ handled }) => handled > 0)).toEqual([
        { handled: 3, milliseconds: 60 },
        { handled: 1, milliseconds: 100 },
      ]);
    });

    test('knows the latest pause', async () => {
      const { log, reopen } = await open();
      expect((await log.recent(MINUTE)).pause).toBeUndefined();
      await log.notePause({ until: MINUTE + 60_000, reason: 'the model is down' });
      const pause = { until: MINUTE + 30_000, reason: '' };
      await reopen().notePause(pause);
      expect((await log.recent(MINUTE)).pause).toEqual(pause);
    });

    test('gives the rate at which work is done, whenever it is asked', async () => {
      const { log } = await open();
      for (let second = 0; second < 150; second++) {
        const now = MINUTE + second * 1_000;
        await log.add(now, { completed: 1, handled: 1, milliseconds: 500, releases: 1, squares: 0 });
        if (second < 70) continue;
        const { completed, milliseconds, seconds } = await log.recent(now);
        expect(Math.abs(completed / seconds - 1)).toBeLessThan(0.02);
        expect(milliseconds).toBe(completed * 500);
      }
    });
  });
}
