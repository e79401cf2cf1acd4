import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serviceActions } from '../../lib/embedded/actions/service-actions.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { serviceRetention, sweep } from '../../lib/embedded/retention.ts';
import { serviceIntake } from '../../lib/embedded/service-intake.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TestClock } from '../support/test-clock.ts';

const DAY_SECONDS = 86_400;

test('a plan can’t be applied after 15 minutes, its list is deleted then, and actions are kept as long as records', async () => {
  const clock = new TestClock();
  const file = join(await temporaryFolder(), 'a.db');
  const parts = await openParts({ file, logger: new CollectingLogger() }, clock);
  const { storage, settings } = parts;
  onTestFinished(() => storage[Symbol.asyncDispose]());
  const intake = serviceIntake(parts);
  const { actions, runner } = serviceActions({ ...parts, intake, hasTakers: false });
  const payload = Buffer.from('{}');
  for (let count = 0; count < 3; count++) {
    await intake.submissions.submit({ payload, contentType: 'application/json', metadata: {} });
  }
  const sweepNow = () => sweep(serviceRetention(storage, settings), new AbortController().signal);
  const listed = async (id: string) => (await actions.requests(id, undefined, 10)).requests.length;

  const { id: unapplied, ...seen } = await actions.plan({ action: 'cancel', filter: { status: 'queued' } });
  const plan = await actions.plan({ action: 'cancel', filter: { since: 0 } });
  await actions.apply(plan.id, plan);
  while (await runner.run()) clock.advanceSeconds(1);
  expect(await actions.get(plan.id)).toMatchObject({ state: 'succeeded', progress: { done: 3 } });
  clock.advanceSeconds(15 * 60);
  await expect(actions.apply(unapplied, seen)).rejects.toMatchObject({ code: 'plan_expired' });
  await sweepNow();
  expect(await actions.get(unapplied)).toMatchObject({ state: 'expired', count: 3 });
  expect([await listed(unapplied), await listed(plan.id)]).toEqual([0, 3]);
  clock.advanceSeconds((settings.recordAgeDays - 1) * DAY_SECONDS);
  await sweepNow();
  expect((await actions.list(undefined, 10)).actions).toHaveLength(2);
  clock.advanceSeconds(2 * DAY_SECONDS);
  await sweepNow();
  expect((await actions.list(undefined, 10)).actions).toEqual([]);
  expect(storage.file.statement('SELECT count(*) AS count FROM action_items').get()).toEqual({ count: 0 });
});
