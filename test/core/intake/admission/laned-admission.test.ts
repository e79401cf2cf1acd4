import { expect, test } from 'vitest';
import { LanedAdmission } from '../../../../lib/core/intake/admission/laned-admission.ts';
import { CappedAdmission } from '../../../../lib/core/limits/capped-admission.ts';
import type { Admission } from '../../../../lib/core/ports/admission.ts';
import { MemoryLimitStore } from '../../../../lib/stores/memory/limit-store.ts';
import { CollectingLogger } from '../../../../lib/testing/collecting-logger.ts';
import { TestClock } from '../../../support/test-clock.ts';

function lane(backlog: number | undefined): Admission {
  const load = { backlog, maxWaitSeconds: 900 };
  return {
    decide: async () => ({ admitted: true, load }),
    state: async () => ({ accepting: true, load }),
    figures: async () => load,
  };
}

test('decides by the queue of the priority, and shows the load of normal requests', async () => {
  const laned = new LanedAdmission({ high: lane(1), normal: lane(2), low: lane(4) });
  expect((await laned.decide({ priority: 'low' })).load.backlog).toBe(4);
  expect((await laned.decide({})).load.backlog).toBe(2);
  expect((await laned.state()).load.backlog).toBe(2);
  expect((await laned.figures('low')).backlog).toBe(4);
  expect((await laned.figures()).backlog).toBe(2);
  expect(await laned.backlog()).toBe(7);
});

test('the backlog is unknown if that of a queue is', async () => {
  expect(await new LanedAdmission({ high: lane(1), normal: lane(2), low: lane(undefined) }).backlog()).toBe(
    undefined,
  );
});

test('a cap counts what waits in the queues of all priorities', async () => {
  const clock = new TestClock();
  const laned = new LanedAdmission({ high: lane(0), normal: lane(0), low: lane(2) });
  const ports = { store: new MemoryLimitStore(), logger: new CollectingLogger(), clock, random: () => 0 };
  const capped = new CappedAdmission(laned, [{ key: 'tenant', maxWaiting: 2 }], ports);
  const submit = async () => (await capped.decide({ tenant: 'acme', priority: 'low' })).admitted;
  expect([await submit(), await submit()]).toEqual([true, true]);
  clock.advanceSeconds(3 * 3_600);
  expect(await submit()).toBe(false);
});
