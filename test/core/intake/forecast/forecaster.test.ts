import { expect, test } from 'vitest';
import type { Limit } from '../../../../lib/core/config/limits.ts';
import { Forecaster } from '../../../../lib/core/intake/forecast/forecaster.ts';
import type { RequestRecord } from '../../../../lib/core/model/request-record.ts';
import type { LoadFigures, Pace } from '../../../../lib/core/ports/admission.ts';
import { MemoryLimitStore } from '../../../../lib/stores/memory/limit-store.ts';
import { CollectingLogger } from '../../../../lib/testing/collecting-logger.ts';
import { TestClock } from '../../../support/test-clock.ts';

/** Five requests a second. */
const PACE: Pace = { slots: 10, meanSeconds: 2, variation: 0, together: 1, drift: 0.01, sample: 1_000 };

/** A forecaster of a queue that doesn't say where a request is in it. */
function estimating(limits: readonly Limit[] = []) {
  const clock = new TestClock();
  const logger = new CollectingLogger();
  const limitStore = new MemoryLimitStore();
  const state: { load: LoadFigures; failure?: Error } = { load: { backlog: 110, pace: PACE } };
  const figures = async () => {
    if (state.failure) throw state.failure;
    return state.load;
  };
  const forecaster = new Forecaster({ admission: { figures }, limits, limitStore, logger, clock });
  const record = (changed: Partial<RequestRecord> = {}): RequestRecord => ({
    request: { id: 'r-1', source: '', tenant: 'acme', topic: 'images' },
    status: 'queued',
    attempts: 0,
    backlog: 110,
    createdAt: clock.now(),
    updatedAt: clock.now(),
    ...changed,
  });
  const secondsUntilStart = async (of: RequestRecord) => {
    const { startsAbout: range } = (await forecaster.forecast(of)) ?? {};
    return range && [range.from, range.to].map((time) => (time - clock.now()) / 1_000);
  };
  return { clock, logger, limitStore, state, forecaster, record, secondsUntilStart };
}

test('a request is behind what was there when it was submitted, without what was handled since', async () => {
  const { clock, forecaster, record, secondsUntilStart } = estimating();
  const submitted = record();
  expect((await forecaster.forecast(submitted))?.why).toBe('behind about 100 requests');
  const [first = 0, last = 0] = (await secondsUntilStart(submitted)) ?? [];
  expect(first).toBeLessThan(20);
  expect(last).toBeGreaterThan(20);
  clock.advanceSeconds(10);
  expect((await forecaster.forecast(submitted))?.why).toBe('behind about 50 requests');
  // What was handled meanwhile isn't known exactly.
  const [from = 0, to = 0] = (await secondsUntilStart(submitted)) ?? [];
  expect(to - from).toBeGreaterThan(last - first);
});

test('a request whose turn came long after its submission may still wait, for as long as what is there takes', async () => {
  const { clock, state, forecaster, record, secondsUntilStart } = estimating();
  const submitted = record({ backlog: 100_000 });
  state.load = { backlog: 500, pace: PACE };
  clock.advanceSeconds(25_000);
  expect((await forecaster.forecast(submitted))?.why).toBe('next to start');
  const [from = 0, to = 0] = (await secondsUntilStart(submitted)) ?? [];
  expect(from).toBe(0);
  expect(to).toBeGreaterThan(500 / 5);
});

test('a request is behind no more than what is there now', async () => {
  const { clock, state, forecaster, record } = estimating();
  const submitted = record();
  clock.advanceSeconds(1);
  state.load = { backlog: 30, pace: PACE };
  expect((await forecaster.forecast(submitted))?.why).toBe('behind about 20 requests');
});

test('of a request that came by another way, no times are known', async () => {
  const { forecaster, record } = estimating();
  expect(await forecaster.forecast(record({ backlog: undefined }))).toEqual({ why: 'waiting to start' });
});

test('a request that comes back later is behind all that are there', async () => {
  const { clock, record, secondsUntilStart } = estimating();
  const retried = record({ backlog: undefined, attempts: 1, nextAttemptAt: clock.now() + 60_000 });
  expect(await secondsUntilStart(retried)).toEqual([60, 61]);
});

test('a request of a tenant that is limited has no times where nothing says how many are before it', async () => {
  const { clock, limitStore, forecaster, record } = estimating([{ key: 'tenant', concurrency: 2 }]);
  const leases = { worker: { permits: 2, endsAt: clock.now() + 60_000 } };
  await limitStore.write('tenant=acme', { state: { leases, waiting: 0 }, revision: 1 });
  expect(await forecaster.forecast(record())).toEqual({ why: 'limited to 2 at a time for acme' });
});

test('metadata isn’t in a record, so a limit by it leaves no times', async () => {
  const { forecaster, record } = estimating([{ key: 'metadata.model', concurrency: 2 }]);
  expect(await forecaster.forecast(record())).toEqual({ why: 'behind about 100 requests' });
});

test('figures that can’t be read are unknown', async () => {
  const { state, logger, forecaster, record } = estimating();
  state.failure = new Error('throttled');
  expect(await forecaster.forecast(record())).toEqual({ why: 'waiting to start' });
  expect(logger.lines).toMatchObject([{ message: 'The times of a request could not be estimated' }]);
});
