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

  test('takes one write if the known record is current, and one more if it is not', async () => {
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

  test('without a record is refused, unless it creates one', async () => {
    const records = new RequestRecords(new MemoryRecordStore(), now, AGE_DAYS);
    await expect(records.change(REQUEST, { type: 'cancel' })).rejects.toThrow(RecordMissing);
    const { stored } = await records.change(REQUEST, { type: 'submit', request: REQUEST, uploaded: true });
    expect(await records.find(REQUEST)).toEqual(stored.record);
  });

  test('fails after other writers win every race', async () => {
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

  test('restarts the retention time of the record', async () => {
    const store = new MemoryRecordStore();
    const records = new RequestRecords(store, now, AGE_DAYS);
    await records.claim(REQUEST, 2_000_000);
    expect((await store.read(REQUEST))?.keptUntil).toBe(1_000_000 + AGE_DAYS * 86_400_000);
  });
});

describe('a submitted request', () => {
  const now = () => 1_000_000;
  const submittedAt = 999_000;

  test('has its submission time as its creation time, and takes one write to claim', async () => {
    const { store, records } = fresh();
    const submitted = await records.submit(REQUEST, submittedAt, true);
    expect(submitted).toMatchObject({ status: 'queued', createdAt: submittedAt, attempts: 0 });

    const claim = await records.claim({ ...REQUEST, submittedAt }, 2_000_000);
    expect(claim.status).toBe('claimed');
    expect(store.writes).toBe(2);
    expect(await records.find(REQUEST)).toMatchObject({ status: 'running', createdAt: submittedAt });
  });

  test('can be claimed before its record exists, and stays claimed when the record arrives', async () => {
    const { records } = fresh();
    expect((await records.claim({ ...REQUEST, submittedAt }, 2_000_000)).status).toBe('claimed');

    expect(await records.submit(REQUEST, submittedAt, true)).toMatchObject({ status: 'running' });
    expect(await records.find(REQUEST)).toMatchObject({ status: 'running', attempts: 1 });
  });

  test('does not start after a cancellation', async () => {
    const { records } = fresh();
    await records.submit(REQUEST, submittedAt, true);
    await records.change(REQUEST, { type: 'cancel' });

    const claim = await records.claim({ ...REQUEST, submittedAt }, 2_000_000);
    expect(claim).toMatchObject({ status: 'finished', outcome: { status: 'cancelled' } });
  });

  test('with a ticket is claimed as recorded, without a refused write', async () => {
    const { store, records } = fresh();
    await records.submit({ ...REQUEST, expiresAt: 1_500_000 }, submittedAt, false);

    const claim = await records.claim({ ...REQUEST, ticketed: true }, 2_000_000);
    expect(store.writes).toBe(2);
    expect(claim.status === 'claimed' && claim.lease.request).toMatchObject({ expiresAt: 1_500_000 });
  });

  test('with an unknown ticket is a new request', async () => {
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

/** The delays and the fault of one call to the store. */
interface CallFate {
  /** Milliseconds until its effect, and from there until its answer. */
  readonly there: number;
  readonly back: number;
  readonly fault: Exclude<Fault, 'never answers'>;
}

/** A store whose calls have these delays and faults. It keeps every record that was written. */
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

  /** From now on calls have no delay and do not fail. */
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

/** An attempt: the time its invocation has, the time its handler works, and its last step. */
interface AttemptPlan {
  readonly does: 'attempt';
  readonly lives: number;
  readonly works: number;
  readonly then: 'complete' | 'release' | 'vanish';
  /** Lambda freezes it at the end of its invocation; it may continue this much later. */
  readonly thawsAfter: number;
}

type Plan = AttemptPlan | { readonly does: 'submit' | 'uploaded' | 'cancel' };

/** A host or client with its own clock that carries out one plan after another. */
interface Actor {
  readonly clockAhead: number;
  readonly plans: readonly { readonly after: number; readonly plan: Plan }[];
}

/** The time of a handler's run, by the clock of the world. */
interface Run {
  readonly from: number;
  readonly to: number;
}

/** The results of all actors. */
class World {
  readonly runs: Run[] = [];
  /** Outcomes that actors got for the request. */
  readonly reported: Outcome[] = [];
  readonly store: DistantStore;

  constructor(fates: readonly CallFate[]) {
    this.store = new DistantStore(fates);
  }

  async act({ clockAhead, plans }: Actor): Promise<void> {
    const now = () => Date.now() + clockAhead;
    const records = new RequestRecords(this.store, now, AGE_DAYS);
    for (const { after, plan } of plans) {
      await sleep(after);
      // A later plan repeats a failed step, or none does.
      await this.#carryOut(plan, records, now).catch(() => {});
    }
  }

  async #carryOut(plan: Plan, records: RequestRecords, now: () => number): Promise<void> {
    if (plan.does === 'attempt') return this.#attempt(plan, records, now);
    const request = { ...REQUEST, expiresAt: 5_000 };
    const event =
      plan.does === 'submit' ? { type: plan.does, request, uploaded: false } : { type: plan.does };
    const { stored } = await records.change(REQUEST, event);
    if (stored.record.outcome) this.reported.push(stored.record.outcome);
  }

  async #attempt(plan: AttemptPlan, records: RequestRecords, now: () => number): Promise<void> {
    const deadline = now() + plan.lives;
    const claim = await records.claim(REQUEST, deadline + CLOCK_SKEW_MILLISECONDS);
    if (claim.status === 'finished') this.reported.push(claim.outcome);
    if (claim.status !== 'claimed' || now() >= deadline) return;

    const { lease } = claim;
    const works = Math.min(plan.works, deadline - now());
    this.runs.push({ from: Date.now(), to: Date.now() + works });
    // Timers only support whole milliseconds.
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
        : await lease.release(new Error('not now'), false, 0);
    if (outcome) this.reported.push(outcome);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe('several hosts and clients, with separate clocks, on a slow store that fails', () => {
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
        // biome-ignore lint/suspicious/noThenProperty: it is not a promise
        then: fc.constantFrom('complete' as const, 'release' as const, 'vanish' as const),
        thawsAfter: fc.nat({ max: 5_000 }),
      }),
    },
    fc.record({ does: fc.constantFrom('submit' as const, 'uploaded' as const, 'cancel' as const) }),
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

  test('all see the same single outcome, no two handlers run at once, and no request is lost', async () => {
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
        for (const outcome of world.reported) expect(outcome).toEqual(end);
        for (const [index, run] of world.runs.entries()) {
          for (const other of world.runs.slice(index + 1)) {
            expect(run.to <= other.from || other.to <= run.from).toBe(true);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  /** The outcome that another attempt finds or writes an hour later, when the store works again. */
  async function endOf({ store }: World): Promise<Outcome | undefined> {
    store.recover();
    vi.setSystemTime(Date.now() + 3_600_000);
    const records = new RequestRecords(store, Date.now, AGE_DAYS);
    const claim = await records.claim(REQUEST, Date.now() + 1_000);
    if (claim.status === 'finished') return claim.outcome;
    return claim.status === 'claimed' ? claim.lease.complete(successOf(claim.lease.attempt)) : undefined;
  }
});
