import { describe, expect, test } from 'vitest';
import type { OperatorPauses } from '../../lib/core/ports/pausing.ts';
import type { LoadLog } from '../../lib/core/ports/telemetry.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

const PAUSE = { until: NOON + 600_000, since: NOON, reason: 'Die Datenbank zieht um', by: 'Ann' };

/** A place without a pause. */
export interface OperatorPausesHarness {
  readonly pauses: OperatorPauses;
  /** The load log of the same place. */
  readonly log: LoadLog;
  /** The same place as another process sees it, or this process after a restart. */
  reopen(): OperatorPauses;
}

/** The behaviour of every place of an operator's pause. */
export function exerciseOperatorPauses(name: string, open: () => Promise<OperatorPausesHarness>): void {
  describe(name, () => {
    test('keeps a pause over a restart, until it is ended', async () => {
      const { pauses, reopen } = await open();
      expect(await pauses.read()).toBeUndefined();
      expect(await pauses.write(PAUSE)).toBeUndefined();
      expect(await reopen().read()).toEqual(PAUSE);
      expect(await reopen().write(undefined)).toEqual(PAUSE);
      expect(await pauses.read()).toBeUndefined();
      expect(await pauses.write(undefined)).toBeUndefined();
    });

    test('has only the latest pause, also of an operator without a name', async () => {
      const { pauses } = await open();
      await pauses.write(PAUSE);
      const { by: _, ...later } = { ...PAUSE, until: NOON + 60_000, reason: 'later' };
      expect(await pauses.write(later)).toEqual(PAUSE);
      expect(await pauses.read()).toEqual(later);
    });

    test('the load log shows the pause that ends last, and neither ends the other', async () => {
      const { pauses, log } = await open();
      const own = { until: NOON + 30_000, reason: 'the model is down' };
      await pauses.write(PAUSE);
      await log.notePause(own);
      expect((await log.recent(NOON)).pause).toEqual(PAUSE);
      await log.notePause({ ...own, until: NOON + 3_600_000 });
      expect((await log.recent(NOON)).pause).toEqual({ ...own, until: NOON + 3_600_000 });
      expect(await pauses.read()).toEqual(PAUSE);
      await pauses.write(undefined);
      expect((await log.recent(NOON)).pause).toEqual({ ...own, until: NOON + 3_600_000 });
    });
  });
}
