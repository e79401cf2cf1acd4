import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AdmissionRules, LoadAdmission } from '../../../../lib/core/intake/admission/load-admission.ts';
import { MemoryLoadLog } from '../../../../lib/stores/memory/load-log.ts';
import { CollectingLogger } from '../../../../lib/testing/collecting-logger.ts';
import { MemoryBacklogGauge } from '../../../support/memory-backlog-gauge.ts';
import { TestClock } from '../../../support/test-clock.ts';

const RULES: AdmissionRules = {
  maxWaitSeconds: 100,
  tenantSharePercent: 50,
  firstSlots: 5,
  reachableSlots: 305,
  timeoutSeconds: 60,
};

/** A service that completed 10 requests a second and admits 1,000. */
async function front(backlog: number, rules: Partial<AdmissionRules> = {}) {
  const clock = new TestClock();
  const gauge = new MemoryBacklogGauge();
  const log = new MemoryLoadLog();
  const logger = new CollectingLogger();
  gauge.backlog = { waiting: backlog, inFlight: 0 };
  await log.add(clock.now(), {
    completed: 600,
    handled: 600,
    milliseconds: 600_000,
    releases: 1,
    squares: 0,
  });
  const all = { ...RULES, ...rules };
  const admission = new LoadAdmission(all, { gauge, log, logger, clock, random: () => 0.5 });
  return { admission, clock, gauge, log, logger };
}

/** Number of admitted requests out of `asks`. */
async function admittedOf(admission: LoadAdmission, asks: number): Promise<number> {
  const verdicts = await Promise.all(Array.from({ length: asks }, () => admission.decide({})));
  return verdicts.filter(({ admitted }) => admitted).length;
}

test('an admission carries the load it is based on', async () => {
  const { admission, gauge } = await front(0);
  gauge.backlog = { waiting: 80, inFlight: 20 };
  expect(await admission.decide({})).toEqual({
    admitted: true,
    load: { backlog: 100, completionsPerSecond: 10, predictedWaitSeconds: 10, maxWaitSeconds: 100 },
    ahead: 100,
  });
});

test('what is ahead of a request follows the trend of the backlog, and the load does not', async () => {
  const { admission, clock, gauge } = await front(0);
  const decideAt = async (seconds: number, waiting: number) => {
    clock.advanceSeconds(seconds);
    gauge.backlog = { waiting, inFlight: 0 };
    await admission.decide({});
    // The figures of a reading are taken from the next call on.
    await new Promise(setImmediate);
  };
  await decideAt(0, 100);
  await decideAt(10, 301);
  clock.advanceSeconds(4);
  expect(await admission.decide({})).toMatchObject({ load: { backlog: 302 }, ahead: 382 });
  expect(await admission.figures()).toMatchObject({ backlog: 383 });
});

test('refuses above the longest wait, with a time to retry after', async () => {
  const { admission } = await front(1_010);
  expect(await admission.decide({})).toEqual({
    admitted: false,
    reason: 'overloaded',
    // 21 s above the wait at which it admits again, plus a random half of that.
    retryAfterSeconds: 32,
    load: { backlog: 1_010, completionsPerSecond: 10, predictedWaitSeconds: 101, maxWaitSeconds: 100 },
  });
});

test('after a refusal, admits again well below the longest wait', async () => {
  const { admission, clock, gauge } = await front(1_001);
  const admittedAt = async (waiting: number) => {
    clock.advanceSeconds(11);
    gauge.backlog = { waiting, inFlight: 0 };
    return (await admission.decide({})).admitted;
  };
  expect(await admittedAt(1_001)).toBe(false);
  expect(await admittedAt(900)).toBe(false);
  expect(await admittedAt(800)).toBe(false);
  expect(await admittedAt(799)).toBe(true);
  expect(await admittedAt(900)).toBe(true);
});

test('reports its state without counting that as a request', async () => {
  const { admission } = await front(1_000);
  const load = { backlog: 1_000, completionsPerSecond: 10, predictedWaitSeconds: 100, maxWaitSeconds: 100 };
  const work = expect.objectContaining({ attempts: 600, completed: 600, meanAttemptSeconds: 1 });
  expect(await admission.state()).toEqual({ load, work, accepting: true });
  expect(await admission.decide({})).toMatchObject({ admitted: true, load });
  expect(await admission.state()).toMatchObject({ load: { backlog: 1_001 }, accepting: false });
});

test('each of many concurrent requests counts for the next', async () => {
  const { admission } = await front(990);
  const verdicts = await Promise.all(Array.from({ length: 30 }, () => admission.decide({})));
  expect(verdicts.filter(({ admitted }) => admitted)).toHaveLength(11);
});

describe('a request that will expire before it completes', () => {
  test('is refused, other requests are not', async () => {
    const { admission, clock } = await front(500);
    const expiresAt = clock.now() + 40_000;
    expect(await admission.decide({ expiresAt })).toMatchObject({
      admitted: false,
      reason: 'overloaded',
      retryAfterSeconds: 15,
    });
    expect(await admission.decide({ expiresAt: clock.now() + 60_000 })).toMatchObject({ admitted: true });
    expect(await admission.decide({})).toMatchObject({ admitted: true });
  });

  test('is admitted when nothing waits, even if it has expired', async () => {
    const { admission, clock } = await front(0);
    expect(await admission.decide({ expiresAt: clock.now() - 1 })).toMatchObject({ admitted: true });
  });
});

describe('an idle service', () => {
  test('without figures admits as much as it can scale to, at one timeout a request', async () => {
    const { admission, log } = await front(0, { timeoutSeconds: 900, maxWaitSeconds: 900 });
    log.added.length = 0;
    expect(await admittedOf(admission, 1_000)).toBe(306);
  });

  test.each([
    ['with figures', 20],
    ['without', 305],
  ])('does not count requests that wait for their next attempt as load, %s', async (figures, counted) => {
    const { admission, gauge, log } = await front(0);
    if (figures === 'without') log.added.length = 0;
    gauge.backlog = { waiting: 0, inFlight: 100_000 };
    expect(await admission.decide({})).toMatchObject({ admitted: true, load: { backlog: counted } });
    expect(await admission.decide({})).toMatchObject({ load: { backlog: counted + 1 } });
  });
});

test.each([
  ['alone', { completed: 0, handled: 0, milliseconds: 0, releases: 1, squares: 0 }],
  [
    'together with one handled request',
    { completed: 1, handled: 1, milliseconds: 10_000, releases: 1, squares: 0 },
  ],
])('a thousand requests that end without a handler do not reopen admission, %s', async (_, work) => {
  const { admission, clock, log } = await front(100_000);
  log.added.length = 0;
  await log.add(clock.now(), { completed: 1_000, handled: 0, milliseconds: 0, releases: 1, squares: 0 });
  await log.add(clock.now(), work);
  const { admitted, load } = await admission.decide({});
  expect(admitted).toBe(false);
  expect(load.completionsPerSecond).toBeCloseTo((1_000 + work.completed) / 60, 9);
});

describe('invalid figures count as unknown', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a backlog of %d', async (waiting) => {
    const { admission } = await front(waiting);
    expect(await admission.decide({})).toEqual({
      admitted: true,
      load: { completionsPerSecond: 10, maxWaitSeconds: 100 },
    });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d requests completed', async (completed) => {
    const { admission, clock, log } = await front(2_000);
    await log.add(clock.now(), { completed, handled: 0, milliseconds: 0, releases: 1, squares: 0 });
    expect(await admission.decide({})).toEqual({
      admitted: true,
      load: { backlog: 2_000, maxWaitSeconds: 100 },
      ahead: 2_000,
    });
  });
});

describe('a burst between two readings', () => {
  test('is admitted up to the bound, whether its requests come at once or one after another', async () => {
    for (const together of [true, false]) {
      const { admission, gauge } = await front(500);
      const verdicts = [];
      if (together) {
        verdicts.push(...(await Promise.all(Array.from({ length: 2_000 }, () => admission.decide({})))));
      } else {
        for (let ask = 0; ask < 2_000; ask++) verdicts.push(await admission.decide({}));
      }
      // The request exactly at the bound is admitted.
      expect(verdicts.filter(({ admitted }) => admitted)).toHaveLength(501);
      expect(gauge.reads).toBe(1);
    }
  });

  test('counts until the next reading, which includes it', async () => {
    const { admission, clock, gauge } = await front(0);
    for (let ask = 0; ask < 50; ask++) await admission.decide({});
    expect((await admission.decide({})).load.backlog).toBe(50);
    gauge.backlog = { waiting: 51, inFlight: 0 };
    clock.advanceSeconds(11);
    expect((await admission.decide({})).load.backlog).toBe(51);
    expect((await admission.decide({})).load.backlog).toBe(52);
  });

  test('never exceeds the bound', async () => {
    const step = fc.record({
      asks: fc.nat(300),
      seconds: fc.nat(20),
      waiting: fc.nat(1_500),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const { admission, clock, gauge, log } = await front(0);
        for (const { asks, seconds, waiting } of steps) {
          clock.advanceSeconds(seconds);
          await log.add(clock.now(), {
            completed: 10 * seconds,
            handled: 10 * seconds,
            milliseconds: 10_000 * seconds,
            releases: 1,
            squares: 0,
          });
          gauge.backlog = { waiting, inFlight: 0 };
          for (const { admitted, load } of await Promise.all(
            Array.from({ length: asks }, () => admission.decide({})),
          )) {
            if (admitted) expect(load.predictedWaitSeconds).toBeLessThanOrEqual(100);
            else expect(load.predictedWaitSeconds).toBeGreaterThanOrEqual(80);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a tenant with more than its share', () => {
  async function asked(waiting: number) {
    const { admission, clock, gauge } = await front(0);
    for (let ask = 0; ask < 30; ask++) await admission.decide({ tenant: 'noisy' });
    await admission.decide({ tenant: 'quiet' });
    gauge.backlog = { waiting, inFlight: 0 };
    clock.advanceSeconds(11);
    return admission;
  }

  test('is refused while others would have to wait for it, the others are not', async () => {
    const admission = await asked(600);
    expect(await admission.decide({ tenant: 'noisy' })).toMatchObject({
      admitted: false,
      reason: 'tenant_over_share',
      retryAfterSeconds: 15,
    });
    expect(await admission.decide({ tenant: 'quiet' })).toMatchObject({ admitted: true });
    expect(await admission.decide({})).toMatchObject({ admitted: true });
  });

  test('is admitted while waits are short', async () => {
    const admission = await asked(400);
    expect(await admission.decide({ tenant: 'noisy' })).toMatchObject({ admitted: true });
  });
});

describe('when reading figures fails', () => {
  test('the last figures count for a minute, then every request is admitted', async () => {
    const { admission, clock, gauge } = await front(2_000);
    expect(await admission.decide({})).toMatchObject({ admitted: false });
    gauge.faults.inject('read', 'fails before', 'fails before');
    clock.advanceSeconds(60);
    expect(await admission.decide({})).toMatchObject({ admitted: false, load: { backlog: 2_000 } });
    clock.advanceSeconds(5);
    const { admitted, load } = await admission.decide({});
    expect(admitted).toBe(true);
    expect(load).toMatchObject({ backlog: undefined, predictedWaitSeconds: undefined, maxWaitSeconds: 100 });
  });

  test('the reading is repeated at most every 5 seconds, and the failure is logged', async () => {
    const { admission, clock, gauge, logger } = await front(2_000);
    gauge.faults.inject('read', 'fails before');
    for (let ask = 0; ask < 10; ask++) expect((await admission.decide({})).admitted).toBe(true);
    expect(gauge.reads).toBe(1);
    expect(logger.lines).toMatchObject([{ level: 'warn', message: 'The backlog could not be read' }]);
    clock.advanceSeconds(5);
    expect((await admission.decide({})).admitted).toBe(false);
  });

  test('without figures about completed work, every request is admitted', async () => {
    const { admission, log, logger } = await front(2_000);
    log.faults.inject('recent', 'fails before');
    expect(await admission.decide({})).toEqual({
      admitted: true,
      load: { backlog: 2_000, maxWaitSeconds: 100 },
      ahead: 2_000,
    });
    expect(logger.lines).toMatchObject([{ message: 'Recent work could not be read' }]);
  });
});
