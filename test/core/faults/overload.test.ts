import { describe, expect, test } from 'vitest';
import {
  type AdmittedRequest,
  SimulatedService,
  type SimulatedServiceOptions,
} from '../../support/simulated-service.ts';

const BATCH_SIZE = 10;
const MEAN_SECONDS = 1;
const MINUTE = 60;

/** A batch takes as long as the slowest of its requests: the mean of the largest of n exponential times. */
const BATCH_SECONDS =
  MEAN_SECONDS * Array.from({ length: BATCH_SIZE }, (_, n) => 1 / (n + 1)).reduce((a, b) => a + b);

/** @returns the service, and its capacity in requests a second */
function serviceOf(
  given: Pick<SimulatedServiceOptions, 'seed' | 'processors' | 'maxWaitSeconds'>,
  more = {},
) {
  const service = new SimulatedService({
    frontEnds: 4,
    batchSize: BATCH_SIZE,
    meanSeconds: MEAN_SECONDS,
    firstSlots: Math.min(given.processors, 5) * BATCH_SIZE,
    reachableSlots: given.processors * BATCH_SIZE,
    persistent: false,
    ...given,
    ...more,
  });
  return { service, capacity: (given.processors * BATCH_SIZE) / BATCH_SECONDS };
}

function longestWait(requests: readonly AdmittedRequest[]): number {
  return requests.reduce(
    (longest, { admittedAt, endedAt = Number.POSITIVE_INFINITY }) => Math.max(longest, endedAt - admittedAt),
    0,
  );
}

/** Completed requests per second between two times. */
function goodput({ admitted }: SimulatedService, from: number, to: number): number {
  const ended = admitted.filter(({ endedAt = 0 }) => endedAt > from && endedAt <= to);
  return ended.length / (to - from);
}

describe('fault 24: twice the load that the service can handle, for 30 minutes', () => {
  test.each([
    { seed: 1, processors: 4, maxWaitSeconds: 300 },
    { seed: 2, processors: 4, maxWaitSeconds: 900 },
    { seed: 3, processors: 10, maxWaitSeconds: 300 },
  ])('%j', async (given) => {
    const { maxWaitSeconds } = given;
    const { service, capacity } = serviceOf(given);
    const load = 2;
    await service.run(30 * MINUTE, { perSecond: load * capacity });
    const afterwards = service.seconds;
    await service.run(2 * maxWaitSeconds);

    // The service refuses the excess load, and little more.
    const tooMuch = 30 * MINUTE * (load - 1) * capacity - maxWaitSeconds * capacity;
    expect(service.refused.length / tooMuch).toBeGreaterThan(0.9);
    expect(service.refused.length / tooMuch).toBeLessThan(1.25);
    expect(new Set(service.refused.map(({ reason }) => reason))).toEqual(new Set(['overloaded']));
    // The service stays busy.
    expect(goodput(service, 5 * MINUTE, afterwards) / capacity).toBeGreaterThan(0.95);
    // Tolerance: the requests that other instances receive in the 5 seconds between two readings, and a tenth,
    // since the rate is that of the last minute.
    expect(longestWait(service.admitted)).toBeLessThan(maxWaitSeconds * 1.1 + 5 * load);
    expect(service.admitted.every(({ endedAt }) => endedAt !== undefined)).toBe(true);
    expect(service.backlog).toBe(0);
  });

  test('at 80% of the capacity, the service refuses no request', async () => {
    const { service, capacity } = serviceOf({ seed: 4, processors: 4, maxWaitSeconds: 60 });
    await service.run(30 * MINUTE, { perSecond: 0.8 * capacity });
    expect(service.refused).toEqual([]);
    expect(longestWait(service.admitted.slice(0, -100))).toBeLessThan(60);
  });
});

test.each([
  { seed: 1, processors: 4, maxWaitSeconds: 60 },
  { seed: 2, processors: 4, maxWaitSeconds: 300 },
])('fault 25: the service recovers from a retry storm by itself: %j', async (given) => {
  const { service, capacity } = serviceOf(given, { persistent: true });
  await service.run(10 * MINUTE, { perSecond: 2 * capacity });
  const clients = service.returning;
  expect(clients).toBeGreaterThan(MINUTE * capacity);

  // A fifth of the capacity is left for returning clients and for the queue.
  const calm = { perSecond: 0.8 * capacity };
  const workedOff = (1.2 * (clients + service.backlog)) / (0.2 * capacity);
  const stormUntil = service.seconds + workedOff / 2;
  await service.run(Math.ceil(workedOff), calm);
  expect(goodput(service, 5 * MINUTE, stormUntil) / capacity).toBeGreaterThan(0.95);
  expect(service.returning).toBe(0);

  const refused = service.refused.length;
  await service.run(10 * MINUTE, calm);
  expect(service.refused.length).toBe(refused);
  // About as many requests as run at that load, and some that wait for a batch.
  expect(service.backlog).toBeLessThan(given.processors * BATCH_SIZE * 3);
  await service.run(2 * MINUTE);
  expect(service.admitted.every(({ endedAt }) => endedAt !== undefined)).toBe(true);
});

describe('fault 26: a noisy tenant', () => {
  test.each([3, 10])(
    'that sends %i times the capacity gets refusals, the other tenant does not',
    async (load) => {
      const given = { seed: 5, processors: 4, maxWaitSeconds: 300 };
      const { service, capacity } = serviceOf(given);
      const noisy = { tenant: 'noisy', perSecond: load * capacity };
      const quiet = { tenant: 'quiet', perSecond: 0.3 * capacity };
      await service.run(30 * MINUTE, noisy, quiet);
      const afterwards = service.seconds;
      await service.run(10 * MINUTE);
      expect(new Set(service.refused.map(({ tenant }) => tenant))).toEqual(new Set(['noisy']));
      expect(new Set(service.refused.map(({ reason }) => reason))).toEqual(new Set(['tenant_over_share']));
      expect(longestWait(service.admitted)).toBeLessThan(given.maxWaitSeconds);
      // The noisy tenant gets the capacity that the quiet one leaves.
      expect(goodput(service, 5 * MINUTE, afterwards) / capacity).toBeGreaterThan(0.9);
    },
  );

  test('gets the whole capacity while it is alone', async () => {
    const { service, capacity } = serviceOf({ seed: 6, processors: 4, maxWaitSeconds: 300 });
    await service.run(20 * MINUTE, { tenant: 'noisy', perSecond: 2 * capacity });
    expect(new Set(service.refused.map(({ reason }) => reason))).toEqual(new Set(['overloaded']));
  });
});
