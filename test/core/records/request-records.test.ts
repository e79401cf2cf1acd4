import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CLOCK_SKEW_MILLISECONDS } from '../../../lib/core/engine/deadline.ts';
import type { Outcome } from '../../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../../lib/core/model/request-record.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../../../lib/core/ports/record-store.ts';
import { RecordContended, RecordMissing } from '../../../lib/core/records/errors.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { type Fault, Faults } from '../../../lib/stores/memory/faults.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { REQUEST, successOf } from '../../support/records.ts';

const AGE_DAYS = 30;

describe('a change', () => {
  const now = () => 1_000_000;

  test('takes one write where what is believed is so, and another where it isn’t', async () => {
    const store = new MemoryRecordStore();
    const records = new RequestRecords(store, now, AGE_DAYS);
    const claim = await records.claim(REQUEST, 2_000_000);
    if (claim.status !== 'claimed') throw new Error(claim.status);
    expect(store.writes).toBe(1);
    await claim.lease.progress({ fraction: 0.1 });
    await claim.lease.progress({ fraction: 0.2 });
    expect(store.writes).toBe(3);
    await records.change(REQUEST, { type: 'cancel' });
    expect(store.writes).toBe(4);
    expect(await claim.lease.complete(successOf(1))).toEqual(successOf(1));
    expect(store.writes).toBe(6);
  });

  test('of no record is refused, unless it begins one', async () => {
    const records = new RequestRecords(new MemoryRecordStore(), now, AGE_DAYS);
    await expect(records.change(REQUEST, { type: 'cancel' })).rejects.toThrow(RecordMissing);
    const { stored } = await records.change(REQUEST, { type: 'submit', request: REQUEST, uploaded: true });
    expect(await records.find(REQUEST)).toEqual(stored.record);
  });

  test('that is overtaken again and again is given up', async () => {
    const store = new MemoryRecordStore();
    const records = new RequestRecords(
      {
        read: (request) => store.read(request),
        write: async (next) => {
          const latest = await store.read(REQUEST);
          await store.write({ ...next, revision: (latest?.revision ?? 0) + 1 });
          return store.write(next);
        },
      },
      now,
      AGE_DAYS,
    );
    await store.write({ record: queuedRecord(now()), revision: 1, keptUntil: Number.MAX_SAFE_INTEGER });
    await expect(
      records.change(REQUEST, { type: 'claim', request: REQUEST, leaseEndsAt: 0, leaseId: 'lease-1' }),
    ).rejects.toThrow(RecordContended);
  });

  test('is kept from then on for as long as records are', async () => {
    const store = new MemoryRecordStore();
    const records = new RequestRecords(store, now, AGE_DAYS);
    await records.claim(REQUEST, 2_000_000);
    expect((await store.read(REQUEST))?.keptUntil).toBe(1_000_000 + AGE_DAYS * 86_400_000);
  });
});

describe('a submitted request', () => {
  const now = () => 1_000_000;
  const submittedAt = 999_000;

  test('is recorded as of when it was submitted, and claimed by one write', async () => {
    const { store, records } = fresh();
    const submitted = await records.submit(REQUEST, submittedAt, true);
    expect(submitted).toMatchObject({ status: 'queued', createdAt: submittedAt, attempts: 0 });

    const claim = await records.claim({ ...REQUEST, submittedAt }, 2_000_000);
    expect(claim.status).toBe('claimed');
    expect(store.writes).toBe(2);
    expect(await records.find(REQUEST)).toMatchObject({ status: 'running', createdAt: submittedAt });
  });

  test('whose record isn’t there yet is claimed all the same, and stays claimed when it comes', async () => {
    const { records } = fresh();
    expect((await records.claim({ ...REQUEST, submittedAt }, 2_000_000)).status).toBe('claimed');

    expect(await records.submit(REQUEST, submittedAt, true)).toMatchObject({ status: 'running' });
    expect(await records.find(REQUEST)).toMatchObject({ status: 'running', attempts: 1 });
  });

  test('that was cancelled is not begun', async () => {
    const { records } = fresh();
    await records.submit(REQUEST, submittedAt, true);
    await records.change(REQUEST, { type: 'cancel' });

    const claim = await records.claim({ ...REQUEST, submittedAt }, 2_000_000);
    expect(claim).toMatchObject({ status: 'finished', outcome: { status: 'cancelled' } });
  });

  test('with a ticket is claimed as it was recorded, without a refused write', async () => {
    const { store, records } = fresh();
    await records.submit({ ...REQUEST, expiresAt: 1_500_000 }, submittedAt, false);

    const claim = await records.claim({ ...REQUEST, ticketed: true }, 2_000_000);
    expect(store.writes).toBe(2);
    expect(claim.status === 'claimed' && claim.lease.request).toMatchObject({ expiresAt: 1_500_000 });
  });

  test('with a ticket nobody knows is a new one', async () => {
    const { records } = fresh();
    expect((await records.claim({ ...REQUEST, ticketed: true }, 2_000_000)).status).toBe('claimed');
  });

  function fresh() {
    const store = new MemoryRecordStore();
    return { store, records: new RequestRecords(store, now, AGE_DAYS) };
  }
});

function queuedRecord(at: number): RequestRecord {
  return { request: REQUEST, status: 'queued', attempts: 0, createdAt: at, updatedAt: at };
}

/** What one call of the store is like. */
interface CallFate {
  /** Milliseconds to its effect, and from there to its answer. */
  readonly there: number;
  readonly back: number;
  readonly fault: Exclude<Fault, 'never answers'>;
}

/** A store as far away as its calls' fates say. It remembers every record that came to be. */
class DistantStore implements RecordStore {
  readonly history: RequestRecord[] = [];
  readonly #store = new MemoryRecordStore();
  readonly #faults = new Faults<'read' | 'write'>();
  readonly #fates: CallFate[];

  constructor(fates: readonly CallFate[]) {
    this.#fates = [...fates];
  }

  read(request: typeof REQUEST): Promise<StoredRecord | undefined> {
    return this.#call('read', () => this.#store.read(request));
  }

  write(next: StoredRecord): Promise<WriteResult> {
    return this.#call('write', async () => {
      const result = await this.#store.write(next);
      if (result.written) this.history.push(next.record);
      return result;
    });
  }

  /** From now on it is near, and nothing fails. */
  recover(): void {
    this.#fates.length = 0;
  }

  async #call<Value>(name: 'read' | 'write', effect: () => Promise<Value>): Promise<Value> {
    const { there, back, fault } = this.#fates.shift() ?? NEAR;
    await sleep(there);
    this.#faults.inject(name, fault);
    return this.#faults.around(name, effect).finally(() => sleep(back));
  }
}

const NEAR: CallFate = { there: 0, back: 0, fault: 'works' };

/** An attempt: how long its invocation lives, how long its handler works, and what it does then. */
interface AttemptPlan {
  readonly does: 'attempt';
  readonly lives: number;
  readonly works: number;
  readonly then: 'complete' | 'release' | 'vanish';
  /** Frozen at the end of its invocation, it may go on where it was. */
  readonly thawsAfter: number;
}

type Plan = AttemptPlan | { readonly does: 'submit' | 'uploaded' | 'cancel' | 'expire' };

/** Somebody with a clock of their own, who does one thing after another. */
interface Actor {
  readonly clockAhead: number;
  readonly plans: readonly { readonly after: number; readonly plan: Plan }[];
}

/** When a handler ran, by nobody's clock but the world's. */
interface Run {
  readonly from: number;
  readonly to: number;
}

/** What came of it all. */
class World {
  readonly runs: Run[] = [];
  /** Outcomes that somebody was told the request has. */
  readonly told: Outcome[] = [];
  readonly store: DistantStore;

  constructor(fates: readonly CallFate[]) {
    this.store = new DistantStore(fates);
  }

  async act({ clockAhead, plans }: Actor): Promise<void> {
    const now = () => Date.now() + clockAhead;
    const records = new RequestRecords(this.store, now, AGE_DAYS);
    for (const { after, plan } of plans) {
      await sleep(after);
      // Whatever failed is tried again by a later plan, or never.
      await this.#carryOut(plan, records, now).catch(() => {});
    }
  }

  async #carryOut(plan: Plan, records: RequestRecords, now: () => number): Promise<void> {
    if (plan.does === 'attempt') return this.#attempt(plan, records, now);
    const request = { ...REQUEST, expiresAt: 5_000 };
    const event =
      plan.does === 'submit' ? { type: plan.does, request, uploaded: false } : { type: plan.does };
    const { stored } = await records.change(REQUEST, event);
    if (stored.record.outcome) this.told.push(stored.record.outcome);
  }

  async #attempt(plan: AttemptPlan, records: RequestRecords, now: () => number): Promise<void> {
    const deadline = now() + plan.lives;
    const claim = await records.claim(REQUEST, deadline + CLOCK_SKEW_MILLISECONDS);
    if (claim.status === 'finished') this.told.push(claim.outcome);
    if (claim.status !== 'claimed' || now() >= deadline) return;

    const { lease } = claim;
    const works = Math.min(plan.works, deadline - now());
    this.runs.push({ from: Date.now(), to: Date.now() + works });
    // Whole milliseconds: timers know no others.
    const half = Math.floor(works / 2);
    await sleep(half);
    const wanted = lease.progress({ fraction: 0.5 }).catch(() => true);
    await sleep(works - half);
    await wanted;
    if (now() >= deadline) await sleep(plan.thawsAfter);
    if (plan.then === 'vanish') return;
    const outcome =
      plan.then === 'complete'
        ? await lease.complete(successOf(lease.attempt))
        : await lease.release(new Error('not now'), false);
    if (outcome) this.told.push(outcome);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe('several hosts and clients, with clocks of their own, on a store that is slow and fails', () => {
  const fate: fc.Arbitrary<CallFate> = fc.record({
    there: fc.nat({ max: 700 }),
    back: fc.nat({ max: 700 }),
    fault: fc.oneof(
      { weight: 4, arbitrary: fc.constant('works' as const) },
      fc.constantFrom('fails before' as const, 'fails after' as const),
    ),
  });
  const plan: fc.Arbitrary<Plan> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constant('attempt' as const),
        lives: fc.integer({ min: 1, max: 4_000 }),
        works: fc.nat({ max: 5_000 }),
        // biome-ignore lint/suspicious/noThenProperty: it is no promise
        then: fc.constantFrom('complete' as const, 'release' as const, 'vanish' as const),
        thawsAfter: fc.nat({ max: 5_000 }),
      }),
    },
    fc.record({ does: fc.constantFrom('submit' as const, 'uploaded' as const) }),
    fc.record({ does: fc.constantFrom('cancel' as const, 'expire' as const) }),
  );
  const actors: fc.Arbitrary<Actor[]> = fc.array(
    fc.record({
      clockAhead: fc.nat({ max: CLOCK_SKEW_MILLISECONDS }),
      plans: fc.array(fc.record({ after: fc.nat({ max: 3_000 }), plan }), { maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 4 },
  );

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('one end that everybody is told alike, no two handlers at once, no request lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 40 }), actors, async (fates, given) => {
        vi.setSystemTime(0);
        const world = new World(fates);
        const all = Promise.all(given.map((actor) => world.act(actor)));
        await vi.runAllTimersAsync();
        await all;
        const ending = endOf(world);
        await vi.runAllTimersAsync();
        const end = await ending;

        expect(end).toBeDefined();
        const ends = world.store.history.filter(({ outcome }) => outcome);
        expect(ends).toEqual([world.store.history.at(-1)]);
        for (const outcome of world.told) expect(outcome).toEqual(end);
        for (const [index, run] of world.runs.entries()) {
          for (const other of world.runs.slice(index + 1)) {
            expect(run.to <= other.from || other.to <= run.from).toBe(true);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  /** The outcome that another attempt finds or makes, an hour later and with the store in order. */
  async function endOf({ store }: World): Promise<Outcome | undefined> {
    store.recover();
    vi.setSystemTime(Date.now() + 3_600_000);
    const records = new RequestRecords(store, Date.now, AGE_DAYS);
    const claim = await records.claim(REQUEST, Date.now() + 1_000);
    if (claim.status === 'finished') return claim.outcome;
    return claim.status === 'claimed' ? claim.lease.complete(successOf(claim.lease.attempt)) : undefined;
  }
});
