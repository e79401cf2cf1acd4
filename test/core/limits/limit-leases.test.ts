import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Limit } from '../../../lib/core/config/limits.ts';
import { LIMIT_SYNC_MILLISECONDS } from '../../../lib/core/limits/held-lease.ts';
import type { LeaseTerms } from '../../../lib/core/limits/lease-terms.ts';
import { LimitLeases } from '../../../lib/core/limits/limit-leases.ts';
import type { Permit } from '../../../lib/core/limits/permit.ts';
import { type LimitState, runningOf, UNUSED } from '../../../lib/core/model/limit-state.ts';
import { limitName } from '../../../lib/core/model/limited-key.ts';
import { MemoryLimitStore } from '../../../lib/stores/memory/limit-store.ts';
import { TestClock } from '../../support/test-clock.ts';

const LEASE_SECONDS = 30;
const ACME = { tenant: 'acme' };
const NAME = limitName('tenant', 'acme');

/** Processes that share a store of limits. */
class Processes {
  readonly clock = new TestClock();
  readonly store = new MemoryLimitStore();
  readonly terms: LeaseTerms;
  readonly #limits: readonly Limit[];

  constructor(limits: readonly Limit[], { renews = true } = {}) {
    this.#limits = limits;
    this.terms = {
      ...(renews && { leaseSeconds: LEASE_SECONDS }),
      keepsUnused: renews,
      leaseEndsAt: (now) => now + LEASE_SECONDS * 1_000,
    };
  }

  start(): LimitLeases {
    return new LimitLeases({
      limits: this.#limits,
      store: this.store,
      now: this.clock.now,
      random: Math.random,
    });
  }

  /** Takes permits at the same time. @returns those that were granted */
  async take(process: LimitLeases, count: number, request = ACME): Promise<Permit[]> {
    const asked = Array.from({ length: count }, () => process.acquire(request, this.terms));
    return (await Promise.all(asked)).filter((answer) => 'free' in answer);
  }

  async state(name = NAME): Promise<LimitState> {
    return (await this.store.read(name))?.state ?? UNUSED;
  }
}

function free(permits: readonly Permit[]): void {
  for (const permit of permits) permit.free();
}

describe('concurrency', () => {
  test('no more run than the limit allows, in all processes together', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 5 }]);
    const [one, other] = [processes.start(), processes.start()];
    expect(await processes.take(one, 3)).toHaveLength(3);
    expect(await processes.take(other, 10)).toHaveLength(2);
    expect(await processes.take(other, 1, { tenant: 'other' })).toHaveLength(1);
    expect(runningOf(await processes.state(), processes.clock.now())).toBe(5);
  });

  test('requests that come together share a call, and later ones take what is free without any', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 100 }]);
    const one = processes.start();
    const first = await processes.take(one, 10);
    const { reads, writes } = processes.store;
    expect(writes).toBeLessThanOrEqual(2);
    for (let round = 0; round < 50; round++) {
      free(first.splice(0));
      first.push(...(await processes.take(one, 10)));
    }
    expect([processes.store.reads, processes.store.writes]).toEqual([reads, writes]);
  });

  test('a permit that is freed is taken by the next request of the process', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 1 }]);
    const one = processes.start();
    const [permit] = await processes.take(one, 1);
    expect(await processes.take(one, 1)).toHaveLength(0);
    permit?.free();
    expect(await processes.take(one, 1)).toHaveLength(1);
  });

  test('permits that are given back are not used meanwhile', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 10 }]);
    const [one, other] = [processes.start(), processes.start()];
    free((await processes.take(one, 10)).slice(2));
    await one.tidy();
    const tidying = one.tidy();
    const meanwhile = await processes.take(one, 5);
    await tidying;
    const others = await processes.take(other, 10);
    expect(2 + meanwhile.length + others.length).toBeLessThanOrEqual(10);
  });

  test('permits that a process leaves unused are free for others after two looks', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 5 }]);
    const [one, other] = [processes.start(), processes.start()];
    free(await processes.take(one, 5));
    await one.tidy();
    await one.tidy();
    expect(await processes.take(other, 5)).toHaveLength(5);
  });

  test('permits that could not be given back are given back at the next look', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 5 }], { renews: false });
    const [one, other] = [processes.start(), processes.start()];
    free(await processes.take(one, 5));
    processes.store.faults.inject('write', 'fails before');
    await expect(one.tidy()).rejects.toThrow('failed before');
    expect(await processes.take(other, 5)).toHaveLength(0);
    await one.tidy();
    processes.clock.advanceSeconds(1);
    expect(await processes.take(other, 5)).toHaveLength(5);
  });

  test('nor are they used again if only the answer was lost', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 5 }], { renews: false });
    const [one, other] = [processes.start(), processes.start()];
    free(await processes.take(one, 5));
    processes.store.faults.inject('write', 'fails after');
    await expect(one.tidy()).rejects.toThrow('failed after');
    expect(await processes.take(other, 5)).toHaveLength(5);
    expect(await processes.take(one, 5)).toHaveLength(0);
  });

  test('permits that a lost answer gave back are leased again before a request uses them', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 1 }], { renews: false });
    const [one, other] = [processes.start(), processes.start()];
    free(await processes.take(one, 1));
    processes.store.faults.inject('write', 'fails after');
    await expect(one.tidy()).rejects.toThrow('failed after');
    expect(await processes.take(one, 1)).toHaveLength(1);
    expect(await processes.take(other, 1)).toHaveLength(0);
  });

  test('where nothing renews leases, they are free after one look', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 5 }], { renews: false });
    const [one, other] = [processes.start(), processes.start()];
    free(await processes.take(one, 5));
    await one.tidy();
    expect(await processes.take(other, 5)).toHaveLength(5);
  });

  test('a running request keeps its permit for as long as it runs', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 1 }]);
    const [one, other] = [processes.start(), processes.start()];
    await processes.take(one, 1);
    for (let second = 0; second < 5 * LEASE_SECONDS; second++) {
      processes.clock.advanceSeconds(1);
      await one.tidy();
      if (second % 10 === 0) expect(await processes.take(other, 1)).toHaveLength(0);
    }
    expect(processes.store.writes).toBeLessThan(20);
  });

  test('the permits of a killed process are free when its lease ends, and until then they are missing', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 5 }]);
    await processes.take(processes.start(), 3);
    const other = processes.start();
    expect(await processes.take(other, 5)).toHaveLength(2);
    processes.clock.advanceSeconds(LEASE_SECONDS);
    expect(await processes.take(other, 5)).toHaveLength(3);
  });

  test('a process that is cut off exceeds the limit by no more than it had', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 5 }]);
    const [cutOff, other] = [processes.start(), processes.start()];
    const running = (await processes.take(cutOff, 3)).length;
    processes.clock.advanceSeconds(LEASE_SECONDS);
    const most = running + (await processes.take(other, 10)).length;
    expect(most).toBe(8);
    // Nothing more starts there: its lease is over.
    processes.store.faults.inject('write', 'fails before');
    await expect(processes.take(cutOff, 1)).rejects.toThrow('failed before');
  });

  test('requests that wait for the first ones, which take long, come back one after another', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 2 }]);
    const one = processes.start();
    const { clock } = processes;
    await processes.take(one, 2);
    clock.advanceSeconds(10);
    const waits = await Promise.all(Array.from({ length: 3 }, () => one.acquire(ACME, processes.terms)));
    const turns = waits.map(
      (wait) => 'retryAt' in wait && wait.retryAt(Number.POSITIVE_INFINITY) - clock.now(),
    );
    expect(turns).toEqual([1_000, 6_000, 11_000]);
  });
});

test('a request with two limits takes nothing of the first if the second has nothing left', async () => {
  const processes = new Processes([
    { key: 'tenant', concurrency: 2, rate: '2/s' },
    { key: 'all', concurrency: 1 },
  ]);
  const one = processes.start();
  const [permit] = await processes.take(one, 1);
  for (let tries = 0; tries < 5; tries++) expect(await processes.take(one, 1)).toHaveLength(0);
  permit?.free();
  // The rate has one left.
  expect(await processes.take(one, 1)).toHaveLength(1);
});

describe('rate', () => {
  test('starts are spread over the time', async () => {
    const processes = new Processes([{ key: 'tenant', rate: '120/min' }]);
    const one = processes.start();
    const started: number[] = [];
    for (let tenth = 0; tenth < 100; tenth++) {
      const permits = await processes.take(one, 5);
      started.push(permits.length);
      free(permits);
      processes.clock.advanceSeconds(0.1);
    }
    expect(started.reduce((total, count) => total + count)).toBeGreaterThanOrEqual(20);
    expect(started.reduce((total, count) => total + count)).toBeLessThanOrEqual(22);
    expect(Math.max(...started)).toBe(2);
  });

  test('a request that weighs more than a second brings starts, and those behind it wait for what it took', async () => {
    const processes = new Processes([{ key: 'tenant', rate: '100/s', weight: 'metadata.tokens' }]);
    const one = processes.start();
    const heavy = { ...ACME, metadata: { tokens: '1000' } };
    free(await processes.take(one, 1, heavy));
    expect(await processes.take(one, 1)).toHaveLength(0);
    processes.clock.advanceSeconds(8);
    expect(await processes.take(one, 1)).toHaveLength(0);
    processes.clock.advanceSeconds(2);
    expect(await processes.take(one, 1)).toHaveLength(1);
  });

  test('a request that must wait learns when it may come back, those behind it later', async () => {
    const processes = new Processes([{ key: 'tenant', rate: '1/s' }]);
    const one = processes.start();
    await processes.take(one, 1);
    const waits = await Promise.all(Array.from({ length: 3 }, () => one.acquire(ACME, processes.terms)));
    const turns = waits.map((wait) =>
      'retryAt' in wait ? wait.retryAt(Number.POSITIVE_INFINITY) - processes.clock.now() : 0,
    );
    expect(turns).toEqual([1_000, 2_000, 3_000]);
  });

  test('many more requests than have a turn before they must come back use the whole rate', async () => {
    const processes = new Processes([{ key: 'tenant', rate: '1/s' }]);
    const one = processes.start();
    const { clock } = processes;
    const start = clock.now();
    let started = 0;
    let waiting = Array.from({ length: 100 }, () => start);
    for (let second = 0; second < 60; second++) {
      const due = waiting.filter((at) => at <= clock.now());
      waiting = waiting.filter((at) => at > clock.now());
      for (const _ of due) {
        const answer = await one.acquire(ACME, processes.terms);
        if ('retryAt' in answer) waiting.push(answer.retryAt(clock.now() + 10_000));
        else started++;
      }
      clock.advanceSeconds(1);
    }
    expect(started).toBe(60);
  });
});

describe('live changes', () => {
  async function change(processes: Processes, changes: Partial<LimitState>): Promise<void> {
    const stored = await processes.store.read(NAME);
    const state = { ...(stored?.state ?? UNUSED), ...changes };
    await processes.store.write(NAME, { state, revision: (stored?.revision ?? 0) + 1 });
  }

  test('take effect within seconds, in every process', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 5 }]);
    const one = processes.start();
    free(await processes.take(one, 5));
    await change(processes, { changed: { concurrency: 1 } });
    processes.clock.time += LIMIT_SYNC_MILLISECONDS;
    expect(await processes.take(one, 5)).toHaveLength(1);
  });

  test.each([{ concurrency: 40 }, {}])(
    'what is lowered takes effect in processes that are always busy: %j',
    async (allowed) => {
      const processes = new Processes([{ key: 'tenant', ...allowed }]);
      const leases = [processes.start(), processes.start()];
      const running = await Promise.all(leases.map((lease) => processes.take(lease, 20)));
      await change(processes, { changed: { concurrency: 2 } });
      for (let second = 0; second < 15; second++) {
        processes.clock.advanceSeconds(1);
        for (const [index, lease] of leases.entries()) {
          // Some end, and others want their places.
          free(running[index]?.splice(0, 4) ?? []);
          running[index]?.push(...(await processes.take(lease, 4)));
          await lease.tidy();
        }
      }
      expect(running.flat().length).toBe(2);
    },
  );

  test('a pause stops the requests of the key in all processes, and ends by itself', async () => {
    const processes = new Processes([{ key: 'tenant' }]);
    const [one, other] = [processes.start(), processes.start()];
    free(await processes.take(other, 1));
    const until = processes.clock.now() + 60_000;
    expect(await one.pause(ACME, 'tenant', until, processes.terms)).toBe(true);
    processes.clock.time += LIMIT_SYNC_MILLISECONDS;
    expect([await processes.take(one, 1), await processes.take(other, 1)]).toEqual([[], []]);
    expect(await processes.take(other, 1, { tenant: 'other' })).toHaveLength(1);
    processes.clock.time = until;
    expect(await processes.take(one, 1)).toHaveLength(1);
    expect(await processes.take(other, 1)).toHaveLength(1);
  });

  test('a pause that is ended early has ended within seconds, and so have the turns after it', async () => {
    const processes = new Processes([{ key: 'tenant', concurrency: 1 }]);
    const one = processes.start();
    await one.pause(ACME, 'tenant', processes.clock.now() + 3_600_000, processes.terms);
    const wait = await one.acquire(ACME, processes.terms);
    if ('retryAt' in wait) wait.retryAt(Number.POSITIVE_INFINITY);
    await change(processes, { pausedUntil: undefined });
    processes.clock.time += LIMIT_SYNC_MILLISECONDS;
    expect(await processes.take(one, 1)).toHaveLength(1);
    const next = await one.acquire(ACME, processes.terms);
    const soon = processes.clock.now() + 1_000;
    expect('retryAt' in next && next.retryAt(Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(soon);
  });

  test('a rate that is raised lets requests start within seconds, not only at the next turn', async () => {
    const processes = new Processes([{ key: 'tenant', rate: '1/h' }]);
    const one = processes.start();
    expect(await processes.take(one, 2)).toHaveLength(1);
    await change(processes, { changed: { rate: '10/s' } });
    processes.clock.time += LIMIT_SYNC_MILLISECONDS;
    expect(await processes.take(one, 2)).toHaveLength(2);
  });

  test('a pause of a key without a limit is refused', async () => {
    const processes = new Processes([{ key: 'tenant' }]);
    expect(await processes.start().pause(ACME, 'topic', 1, processes.terms)).toBe(false);
    expect(await processes.start().pause({}, 'tenant', 1, processes.terms)).toBe(false);
  });
});

test('whatever processes do, and whichever die, no more run than the limit allows', async () => {
  const actions = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('take'),
        by: fc.nat(2),
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('free'),
        by: fc.nat(2),
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('tidy'), by: fc.nat(2), count: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('die'), by: fc.nat(2), count: fc.constant(0) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('wait'),
        by: fc.nat(2),
        count: fc.integer({ min: 1, max: 20 }),
      }),
    },
  );
  const concurrency = 4;
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 60 }), async (steps) => {
      const processes = new Processes([{ key: 'tenant', concurrency }]);
      const living = Array.from({ length: 3 }, () => ({
        leases: processes.start(),
        running: [] as Permit[],
      }));
      for (const { type, by, count } of steps) {
        const one = living[by];
        if (!one) continue;
        if (type === 'take') one.running.push(...(await processes.take(one.leases, count)));
        else if (type === 'free') free(one.running.splice(0, count));
        else if (type === 'tidy') {
          // Requests come meanwhile.
          const [taken] = await Promise.all([processes.take(one.leases, 2), one.leases.tidy()]);
          one.running.push(...taken);
        } else if (type === 'die') living[by] = { leases: processes.start(), running: [] };
        else {
          // Those that live renew their leases meanwhile.
          for (let second = 0; second < count; second++) {
            processes.clock.advanceSeconds(1);
            for (const { leases } of living) await leases.tidy();
          }
        }
        const running = living.reduce((total, each) => total + each.running.length, 0);
        expect(running).toBeLessThanOrEqual(concurrency);
      }
      for (const { running } of living) free(running);
      for (let second = 0; second <= LEASE_SECONDS; second++) {
        processes.clock.advanceSeconds(1);
        for (const { leases } of living) await leases.tidy();
      }
      expect(await processes.take(processes.start(), 10)).toHaveLength(concurrency);
    }),
    { numRuns: 100 },
  );
});
