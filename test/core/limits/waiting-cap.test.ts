import { describe, expect, test } from 'vitest';
import { LimitLeases } from '../../../lib/core/limits/limit-leases.ts';
import { WaitingCap } from '../../../lib/core/limits/waiting-cap.ts';
import { limitName } from '../../../lib/core/model/limited-key.ts';
import { MemoryLimitStore } from '../../../lib/stores/memory/limit-store.ts';
import { TestClock } from '../../support/test-clock.ts';

const ACME = { tenant: 'acme' };
const LIMITS = [{ key: 'tenant', maxWaiting: 10 }] as const;
const TERMS = { keepsUnused: false, leaseEndsAt: (now: number) => now + 30_000 };

function setUp(limits: ConstructorParameters<typeof WaitingCap>[0]['limits'] = LIMITS) {
  const store = new MemoryLimitStore();
  const clock = new TestClock();
  const load: { backlog: number | undefined } = { backlog: undefined };
  const open = () =>
    new WaitingCap({ limits, store, now: clock.now, random: Math.random, backlog: async () => load.backlog });
  const waiting = async (name = limitName('tenant', 'acme')) => (await store.read(name))?.state.waiting;
  return { store, clock, load, open, waiting };
}

async function enter(cap: WaitingCap, count: number, request = ACME) {
  const answers = [];
  for (let each = 0; each < count; each++) answers.push(await cap.enter(request));
  return answers.filter((full) => full === undefined).length;
}

describe('a cap of waiting requests', () => {
  test('holds for all processes together, and for each value of the key', async () => {
    const { open } = setUp();
    const [one, other] = [open(), open()];
    expect(await enter(one, 6)).toBe(6);
    expect(await enter(other, 6)).toBe(4);
    expect(await enter(one, 1, { tenant: 'other' })).toBe(1);
  });

  test('names the key, how many wait and how many may', async () => {
    const { open } = setUp();
    const cap = open();
    await enter(cap, 10);
    expect(await cap.enter(ACME)).toEqual({ key: 'tenant', value: 'acme', waiting: 10, maxWaiting: 10 });
  });

  test('is free again for each request that starts', async () => {
    const { open, store, clock } = setUp();
    const cap = open();
    await enter(cap, 10);
    const leases = new LimitLeases({ limits: LIMITS, store, now: clock.now, random: Math.random });
    for (let each = 0; each < 3; each++) leases.countStarted(ACME, TERMS);
    await leases.tidy();
    expect(await enter(cap, 5)).toBe(3);
  });

  test('counts no request that another cap refuses', async () => {
    const { open, waiting } = setUp([
      { key: 'tenant', maxWaiting: 10 },
      { key: 'all', maxWaiting: 2 },
    ]);
    const cap = open();
    expect(await enter(cap, 5)).toBe(2);
    expect(await enter(open(), 1, { tenant: 'other' })).toBe(0);
    // One more may be reserved by this process.
    expect(await waiting()).toBeLessThanOrEqual(3);
  });

  test('is corrected when the count is higher than all that waits, of requests that the queue must know of', async () => {
    const { open, load, clock } = setUp();
    const cap = open();
    await enter(cap, 10);
    load.backlog = 4;
    clock.advanceSeconds(2 * 3_600);
    expect(await enter(cap, 10)).toBe(6);
    load.backlog = 10;
    clock.advanceSeconds(2 * 3_600);
    expect(await enter(cap, 1)).toBe(0);
    load.backlog = undefined;
    expect(await enter(cap, 1)).toBe(0);
  });

  test('counts requests of the last hour that the queue does not know of yet, such as tickets', async () => {
    const { open, load, clock } = setUp();
    load.backlog = 0;
    const cap = open();
    await enter(cap, 7);
    clock.advanceSeconds(3_000);
    await enter(cap, 3);
    clock.advanceSeconds(3_000);
    expect(await enter(cap, 1)).toBe(0);
    expect(await enter(open(), 1)).toBe(0);
  });

  test('is free again for a request that leaves, whichever process counted it', async () => {
    const { open, waiting } = setUp();
    const cap = open();
    await enter(cap, 10);
    await open().leave(ACME);
    expect(await waiting()).toBe(9);
    expect(await enter(cap, 5)).toBe(1);
    await cap.leave({ tenant: 'other' });
    expect(await waiting(limitName('tenant', 'other'))).toBeUndefined();
  });

  test('takes few calls of the store while there is room', async () => {
    const { open, store } = setUp([{ key: 'tenant', maxWaiting: 1_000_000 }]);
    const cap = open();
    expect(await enter(cap, 1_000)).toBe(1_000);
    expect(store.writes).toBeLessThan(12);
  });
});

test('requests that come together never take the same place, and share calls', async () => {
  const { open, store, clock } = setUp([{ key: 'tenant', maxWaiting: 2_000 }]);
  const cap = open();
  let entered = await enter(cap, 30);
  for (let round = 0; round < 30; round++) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => cap.enter(ACME)));
    entered += answers.filter((full) => full === undefined).length;
    clock.advanceSeconds(0.1);
  }
  expect(entered).toBe(2_000);
  // They share calls of the store.
  expect(store.writes).toBeLessThan(100);
});

test('a process forgets the values that it does not use', async () => {
  const { open, store, clock } = setUp();
  const cap = open();
  await enter(cap, 1, { tenant: 'first' });
  for (let each = 0; each < 1_000; each++) {
    await enter(cap, 1, { tenant: `tenant-${each}` });
    clock.advanceSeconds(0.01);
  }
  const { reads } = store;
  await enter(cap, 1, { tenant: 'first' });
  // What is known takes no read.
  expect(store.reads).toBe(reads + 1);
});

test('limits without a cap take no calls', async () => {
  const { open, store } = setUp([{ key: 'tenant', concurrency: 1 }]);
  expect(await enter(open(), 10)).toBe(10);
  expect([store.reads, store.writes]).toEqual([0, 0]);
});
