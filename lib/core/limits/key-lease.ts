import type { Limit } from '../config/limits.ts';
import { allowanceOf, grantLease, type LeaseGrant, type LimitState, UNUSED } from '../model/limit-state.ts';
import { HeldLease, RETRY_MILLISECONDS } from './held-lease.ts';
import type { LeaseTerms } from './lease-terms.ts';
import type { LimitStates } from './limit-states.ts';
import type { LimitWait, Permit } from './permit.ts';
import { MAX_SHORT_WAIT_MILLISECONDS, ShortWaits } from './short-waits.ts';
import { Turns } from './turns.ts';

/** Most calls of the store for a request. Others may take what a call brought. */
const MAX_CALLS = 5;

/** Options of a {@link KeyLease}. */
export interface KeyLeaseOptions {
  readonly name: string;
  readonly limit: Limit;
  /** Tells the processes apart. */
  readonly holder: string;
  readonly states: LimitStates;
  readonly now: () => number;
}

/**
 * The permits and tokens that this process has leased of one value of a limit's key. Requests take them without a call of
 * the store, which is called when they run out, to renew them, to give them back, and every few seconds for live changes.
 */
export class KeyLease {
  readonly #options: KeyLeaseOptions;
  readonly #turns = new Turns();
  readonly #shortWaits = new ShortWaits();
  readonly #held: HeldLease;
  #terms: LeaseTerms;
  /** The requests that are waiting for the store. */
  #wanted: readonly { readonly weight: number }[] = [];
  #asking: Promise<void> | undefined;

  constructor(options: KeyLeaseOptions, terms: LeaseTerms) {
    this.#options = options;
    this.#terms = terms;
    this.#held = new HeldLease(options.limit, terms.leaseSeconds !== undefined);
  }

  /** Takes a permit and the tokens of a request. @throws an error of the store, or LimitContended */
  async acquire(weight: number, terms: LeaseTerms): Promise<Permit | LimitWait> {
    this.#terms = terms;
    const wanted = { weight };
    this.#wanted = [...this.#wanted, wanted];
    try {
      for (let calls = 0; calls < MAX_CALLS; calls++) {
        const phase = this.#held.phaseOf(weight, this.#options.now());
        if (phase === 'open') return this.#start(weight);
        if (phase === 'denied') break;
        await this.#ask();
      }
      return this.#wait(weight);
    } finally {
      this.#wanted = this.#wanted.filter((other) => other !== wanted);
    }
  }

  /** Notes that a request started that was counted as waiting. */
  countStarted(): void {
    this.#held.countStarted();
  }

  /** Starts no request of the key before a time, in any process. @param until milliseconds since 1970 */
  async pause(until: number): Promise<void> {
    const { name, states, now } = this.#options;
    const pause = (state: LimitState) => ({ ...state, pausedUntil: Math.max(until, state.pausedUntil ?? 0) });
    this.#held.pause(until, await states.change(name, pause, this.#held.stored, now()));
  }

  /** Renews the lease and gives back unneeded permits and tokens. Call it every second, or at the end of a batch. */
  async tidy(): Promise<void> {
    const { use } = this.#held;
    const keep = this.#terms.keepsUnused ? use.peak : use.inUse;
    if (this.#held.mustAsk(keep, this.#options.now())) await this.#ask(keep);
    use.resetPeak();
  }

  /** Whether it holds nothing, and the state that it knows is old. */
  get isUnused(): boolean {
    const now = this.#options.now();
    const isIdle = this.#held.isEmpty && this.#wanted.length === 0;
    return isIdle && this.#turns.areOver(now) && !this.#held.isSynced(now);
  }

  #start(weight: number): Permit {
    const { now } = this.#options;
    const startedAt = now();
    const tokens = this.#held.start(weight, startedAt);
    let isRunning = true;
    const once = (end: () => void) => () => {
      if (!isRunning) return;
      isRunning = false;
      end();
      this.#shortWaits.wakeNext();
    };
    return {
      free: once(() => this.#held.end(startedAt, now())),
      [Symbol.dispose]: once(() => this.#held.giveBack(tokens, now())),
    };
  }

  /** Sending a request back and receiving it again costs more than a short wait for one that ends. */
  #wait(weight: number): LimitWait {
    const { isFull, use } = this.#held;
    const retryAt = (latest: number) => this.#takeTurn(weight, latest);
    const isSoon = use.heldMilliseconds(this.#options.now()) <= MAX_SHORT_WAIT_MILLISECONDS * use.inUse;
    if (!isFull || !isSoon || this.#shortWaits.count >= use.inUse) return { retryAt };
    return { retryAt, untilFreed: (signal) => this.#shortWaits.wait(signal) };
  }

  /** When a request that must wait comes back: after those that were sent back before, as fast as the limit lets them start. */
  #takeTurn(weight: number, latest: number): number {
    const now = this.#options.now();
    const soonest = Math.max(now + RETRY_MILLISECONDS, this.#held.deniedUntil);
    return this.#turns.take({ soonest, latest, spacing: this.#held.spacing(weight, now) });
  }

  /** Calls of the store are made one at a time, and requests that come meanwhile share the next one. */
  async #ask(keep = 0): Promise<void> {
    this.#asking ??= this.#lease(keep).finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
  }

  async #lease(keep: number): Promise<void> {
    const { name, limit, holder, states, now } = this.#options;
    const held = this.#held;
    const askedAt = now();
    const { stored: known } = held;
    const isKnown = held.isSynced(askedAt);
    const need = { weights: this.#weights, keep };
    const wish = held.ask(need, { holder, endsAt: this.#terms.leaseEndsAt(askedAt) });
    let grant: LeaseGrant | undefined;
    const lease = (state: LimitState) => {
      grant = grantLease(state, allowanceOf(limit, state), wish, askedAt);
      return held.isNews(state, grant, wish, askedAt) ? grant.state : state;
    };
    try {
      const stored = await states.change(name, lease, isKnown ? known : undefined, askedAt);
      if (grant) held.adopt({ wish, grant, stored, askedAt, weights: this.#weights });
    } catch (error) {
      held.doubt();
      throw error;
    }
    if (isChangedLive(known?.state, held.stored?.state, askedAt)) this.#turns.reset();
  }

  get #weights(): readonly number[] {
    return this.#wanted.map(({ weight }) => weight);
  }
}

/** Whether a live change voids the turns that were given out before: another allowance, or an earlier end of a pause. */
function isChangedLive(before: LimitState = UNUSED, after: LimitState = UNUSED, now: number): boolean {
  const { pausedUntil = 0 } = before;
  if (pausedUntil > now && (after.pausedUntil ?? 0) < pausedUntil) return true;
  return JSON.stringify(before.changed) !== JSON.stringify(after.changed);
}
