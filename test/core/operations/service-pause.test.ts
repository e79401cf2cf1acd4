import { expect, test } from 'vitest';
import { PauseRefused, ServicePause } from '../../../lib/core/operations/service-pause.ts';
import { MemoryOperatorPauses } from '../../../lib/stores/memory/operator-pauses.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { TestClock } from '../../support/test-clock.ts';

function open(retentionSeconds?: number) {
  const clock = new TestClock();
  const pauses = new MemoryOperatorPauses();
  const pause = new ServicePause({ pauses, retentionSeconds, clock, logger: new CollectingLogger() });
  return { clock, pauses, pause, after: (seconds: number) => new Date(clock.now() + seconds * 1_000) };
}

test('a pause is what was asked for, with its time and the operator, until it ends', async () => {
  const { clock, pause, after } = open();
  expect(await pause.get()).toBeUndefined();
  const started = await pause.start({ until: after(60), reason: 'a migration' }, 'Ann');
  expect(started).toEqual({
    until: clock.now() + 60_000,
    since: clock.now(),
    reason: 'a migration',
    by: 'Ann',
  });
  clock.advanceSeconds(59);
  expect(await pause.get()).toEqual(started);
  clock.advanceSeconds(1);
  expect(await pause.get()).toBeUndefined();
});

test.each([
  [undefined, 86_400],
  [345_600, 86_400],
  [3_600, 900],
])('with a retention of %s seconds, a pause lasts %i seconds at most', async (retention, most) => {
  const { pause, after } = open(retention);
  await pause.start({ until: after(most), reason: 'x' });
  await expect(pause.start({ until: after(most + 1), reason: 'x' })).rejects.toThrow(
    new RegExp(`by at most ${most} seconds, got 20`),
  );
});

test.each([
  [0, 'a migration'],
  [-1, 'a migration'],
  [Number.NaN, 'a migration'],
  [60, ''],
  [60, '  '],
  [60, 'x'.repeat(201)],
  [60, 'one\ntwo'],
])('until %s seconds from now for %j is refused', async (seconds, reason) => {
  const { pause, pauses, after } = open();
  await expect(pause.start({ until: after(seconds), reason })).rejects.toThrow(PauseRefused);
  expect(await pauses.read()).toBeUndefined();
});
