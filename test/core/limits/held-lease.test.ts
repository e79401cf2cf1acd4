import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Limit, perSecond as perSecondOf } from '../../../lib/core/config/limits.ts';
import { HeldLease, type LeasePhase, LIMIT_SYNC_MILLISECONDS } from '../../../lib/core/limits/held-lease.ts';
import {
  allowanceOf,
  grantLease,
  type LimitState,
  runningOf,
  UNUSED,
} from '../../../lib/core/model/limit-state.ts';
import type { StoredLimit } from '../../../lib/core/ports/limit-store.ts';

const LEASE_MILLISECONDS = 30_000;

/** A process and a store that only it uses. */
class Holder {
  now = 1_000_000;
  readonly held: HeldLease;
  stored: StoredLimit = { state: UNUSED, revision: 0 };
  /** When each running request started, and the tokens that it took. */
  readonly running: { readonly since: number; readonly tokens: number }[] = [];
  /** Requests that started and weren't given back. */
  started = 0;
  readonly #limit: Limit;

  constructor(limit: Limit) {
    this.#limit = limit;
    this.held = new HeldLease(limit, true);
  }

  get phase(): LeasePhase {
    return this.held.phaseOf(1, this.now);
  }

  /** Asks the store. @param fails whether the write fails, or its answer is lost @param meanwhile called before the answer */
  ask({ keep = 0, waiting = 0, fails = '', meanwhile = () => {} }): void {
    const weights = Array.from({ length: waiting }, () => 1);
    const { held, now: askedAt } = this;
    const wish = held.ask({ weights, keep }, { holder: 'one', endsAt: askedAt + LEASE_MILLISECONDS });
    const { state } = this.stored;
    const grant = grantLease(state, allowanceOf(this.#limit, state), wish, askedAt);
    if (fails !== 'write' && held.isNews(state, grant, wish, askedAt)) this.#write(grant.state);
    meanwhile();
    if (fails) held.doubt();
    else held.adopt({ wish, grant, stored: this.stored, askedAt, weights });
  }

  start(): void {
    if (this.phase !== 'open') return;
    this.running.push({ since: this.now, tokens: this.held.start(1, this.now) });
    this.started++;
    if (this.#limit.concurrency === undefined) return;
    // What runs is leased: other processes count it.
    expect(runningOf(this.stored.state, this.now)).toBeGreaterThanOrEqual(this.running.length);
  }

  end(): void {
    const ended = this.running.shift();
    if (ended) this.held.end(ended.since, this.now);
  }

  giveBack(): void {
    const given = this.running.pop();
    if (!given) return;
    this.held.giveBack(given.tokens, this.now);
    this.started--;
  }

  pause(milliseconds: number): void {
    const { pausedUntil = 0 } = this.stored.state;
    const until = this.now + milliseconds;
    this.#write({ ...this.stored.state, pausedUntil: Math.max(until, pausedUntil) });
    this.held.pause(until, this.stored);
  }

  #write(state: LimitState): void {
    this.stored = { state, revision: this.stored.revision + 1 };
  }
}

/** The phases that may follow one, besides itself, by what happens. */
const NEXT = {
  ask: { stale: ['open', 'denied'], open: ['denied'], used_up: ['open', 'denied'], denied: ['open'] },
  fail: { stale: [], open: ['stale'], used_up: ['stale'], denied: ['stale'] },
  start: { stale: [], open: ['used_up', 'denied'], used_up: [], denied: [] },
  end: { stale: [], open: [], used_up: ['open'], denied: ['open'] },
  giveBack: { stale: [], open: [], used_up: ['open'], denied: ['open'] },
  pause: { stale: [], open: ['denied'], used_up: ['denied'], denied: [] },
  wait: { stale: [], open: ['stale', 'used_up'], used_up: ['stale'], denied: ['open', 'used_up', 'stale'] },
} as const satisfies Record<string, Record<LeasePhase, readonly LeasePhase[]>>;

const LIMITS: readonly Limit[] = [
  { key: 'all', concurrency: 3 },
  { key: 'all', rate: '2/s' },
  { key: 'all', concurrency: 2, rate: '1/s' },
];

test('a lease changes only between the phases that follow each other, and lets no more start than the store counts', () => {
  const types = fc.constantFrom(...(Object.keys(NEXT) as (keyof typeof NEXT)[]));
  const steps = fc.array(
    fc.record({ type: types, count: fc.integer({ min: 1, max: 5 }), race: fc.boolean() }),
    { minLength: 10, maxLength: 60 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...LIMITS), steps, (limit, events) => {
      const one = new Holder(limit);
      const begunAt = one.now;
      for (const { type, count, race } of events) {
        const before = one.phase;
        const meanwhile = race ? () => one.start() : undefined;
        if (type === 'ask') one.ask({ waiting: count, ...(meanwhile && { meanwhile }) });
        else if (type === 'fail') one.ask({ fails: race ? 'write' : 'answer' });
        else if (type === 'pause') one.pause(count * 1_000);
        else if (type === 'wait') one.now += count * 2_000;
        else one[type]();
        const after = one.phase;
        if (after !== before) expect(NEXT[type][before], `${before} to ${after} by ${type}`).toContain(after);

        const { concurrency = Number.POSITIVE_INFINITY, rate } = limit;
        expect(one.running.length).toBeLessThanOrEqual(concurrency);
        const perSecond = rate ? perSecondOf(rate) : Number.POSITIVE_INFINITY;
        expect(one.started).toBeLessThanOrEqual(perSecond * (1 + (one.now - begunAt) / 1_000));
      }
    }),
    { numRuns: 500 },
  );
});

test('permits that are being given back start no request, and come back if the store does not answer', () => {
  const one = new Holder({ key: 'all', concurrency: 3 });
  one.ask({ waiting: 2 });
  one.ask({ keep: 0, fails: 'write', meanwhile: () => expect(one.phase).not.toBe('open') });
  expect(one.held.permits).toBe(2);
  expect(one.phase).toBe('stale');
});

test('what is known of a key is stale after a time, and only the store can refresh it', () => {
  const one = new Holder({ key: 'all' });
  expect(one.phase).toBe('stale');
  one.ask({ waiting: 1 });
  expect(one.phase).toBe('open');
  one.now += LIMIT_SYNC_MILLISECONDS;
  one.start();
  expect([one.phase, one.started]).toEqual(['stale', 0]);
});
