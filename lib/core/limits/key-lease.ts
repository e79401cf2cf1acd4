import { unlessAborted } from '../base/unless-aborted.ts';
import { type Allowance, type Limit, perSecond } from '../config/limits.ts';
import {
  allowanceOf,
  grantLease,
  type LeaseGrant,
  type LeaseWish,
  type LimitState,
  neededTokens,
  tokensAt,
  UNUSED,
} from '../model/limit-state.ts';
import type { StoredLimit } from '../ports/limit-store.ts';
import type { LimitStates } from './limit-states.ts';
import { Turns } from './turns.ts';

/** How long a request that found no permit waits at least, in milliseconds. */
const RETRY_MILLISECONDS = 1_000;

/** The greatest age of the known state of a key by which requests start: a live change takes effect within that time. */
export const LIMIT_SYNC_MILLISECONDS = 5_000;

/** Most calls of the store for a request. Others may take what a call brought. */
const MAX_CALLS = 5;

/** The share of a lease that is left when it is renewed. */
const RENEWAL_SHARE = 0.5;

/** Tokens are taken for this time ahead, so that not every request needs a call of the store. */
const TOKENS_AHEAD_SECONDS = 0.1;

/** The share of unused permits that a process leases in reserve, so that not every rise needs a call of the store. */
const SPARE_SHARE = 0.1;

/** A request waits in this process if a permit gets free within this time on average. */
export const MAX_SHORT_WAIT_MILLISECONDS = 1_000;

/** The weight of the latest request in the mean time that requests hold a permit. */
const LATEST_SHARE = 0.1;

/** How long leases last: as a `Deadline` says. */
export interface LeaseTerms {
  /** Absent if leases aren't renewed, since the process never outlives them. */
  readonly leaseSeconds?: number;
  /** Whether to keep unused permits for later requests. */
  readonly keepsUnused: boolean;
  /** When a lease ends that is taken now. Both are milliseconds since 1970. */
  leaseEndsAt(now: number): number;
}

/** Lets one request run. Disposing of it gives it back, unless it was freed: the request doesn't start after all. */
export interface Permit extends Disposable {
  /** The request has ended. */
  free(): void;
}

/** A request must wait. */
export interface LimitWait {
  /** Waits until a permit may be free in this process. Absent if that isn't soon. */
  readonly untilFreed?: (signal: AbortSignal) => Promise<void>;
  /**
   * Takes a turn among the requests that are sent back. One whose turn is later than it can wait takes none: when it comes back,
   * the turns before it have been used.
   * @param latest when it must come back, in milliseconds since 1970
   * @returns when to come back
   */
  retryAt(latest: number): number;
}

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
  #terms: LeaseTerms;
  #stored: StoredLimit | undefined;
  #permits = 0;
  /** The permits among them that are in reserve. */
  #spare = 0;
  /** {@link LeaseGrant.startable} */
  #startable = 0;
  #inUse = 0;
  /** Most permits in use since the last {@link tidy}. */
  #peak = 0;
  #tokens = 0;
  #leasedAt = 0;
  #endsAt = 0;
  #syncedAt = Number.NEGATIVE_INFINITY;
  /** Weights of the requests that are waiting for the store. */
  #wanted: readonly { readonly weight: number }[] = [];
  #started = 0;
  #deniedUntil = 0;
  #meanHeldMilliseconds = 0;
  /** When a permit got free, or the first one in use was taken. */
  #freedAt = 0;
  /** Wake the requests that wait in this process, one for each permit that gets free. */
  #freed: (() => void)[] = [];
  #syncing: Promise<void> | undefined;

  constructor(options: KeyLeaseOptions, terms: LeaseTerms) {
    this.#options = options;
    this.#terms = terms;
  }

  /** Takes a permit and the tokens of a request. @throws an error of the store, or LimitContended */
  async acquire(weight: number, terms: LeaseTerms): Promise<Permit | LimitWait> {
    this.#terms = terms;
    const wanted = { weight };
    this.#wanted = [...this.#wanted, wanted];
    try {
      for (let calls = 0; calls < MAX_CALLS; calls++) {
        if (this.#mayStart(weight)) return this.#start(weight);
        if (this.#isDenied) break;
        await this.#sync();
      }
      return this.#wait(weight);
    } finally {
      this.#wanted = this.#wanted.filter((other) => other !== wanted);
    }
  }

  /** Notes that a request started that was counted as waiting. */
  countStarted(): void {
    this.#started++;
  }

  /** Starts no request of the key before a time, in any process. @param until milliseconds since 1970 */
  async pause(until: number): Promise<void> {
    const { name, states, now } = this.#options;
    const pause = (state: LimitState) => ({ ...state, pausedUntil: Math.max(until, state.pausedUntil ?? 0) });
    this.#stored = await states.change(name, pause, this.#stored, now());
    this.#deniedUntil = Math.max(this.#deniedUntil, until);
  }

  /** Renews the lease and gives back unneeded permits and tokens. Call it every second, or at the end of a batch. */
  async tidy(): Promise<void> {
    const now = this.#options.now();
    const keep = this.#terms.keepsUnused ? Math.max(this.#peak, this.#inUse) : this.#inUse;
    const isSpare = this.#isLimited && this.#permits > keep + (keep > 0 ? this.#spare : 0);
    const hasTokens = keep === 0 ? this.#tokens !== 0 : this.#tokens < 0;
    if (isSpare || hasTokens || this.#started > 0 || (this.#inUse > 0 && this.#isRenewalDue(now))) {
      await this.#sync(keep);
    }
    this.#peak = this.#inUse;
  }

  /** Whether it holds nothing, and the state that it knows is old. */
  get isUnused(): boolean {
    const now = this.#options.now();
    const isHeld = this.#inUse + this.#permits + this.#started + this.#wanted.length > 0;
    return !isHeld && this.#turns.areOver(now) && now - this.#syncedAt >= LIMIT_SYNC_MILLISECONDS;
  }

  get #allowed(): Allowance {
    return allowanceOf(this.#options.limit, this.#stored?.state ?? UNUSED);
  }

  /** How long requests hold a permit. Those that hold one for longer than any before them count, too. */
  get #heldMilliseconds(): number {
    const sinceFreed = this.#inUse > 0 ? this.#options.now() - this.#freedAt : 0;
    return Math.max(this.#meanHeldMilliseconds, sinceFreed);
  }

  /** Whether permits are counted. */
  get #isLimited(): boolean {
    return this.#allowed.concurrency !== undefined;
  }

  /** When a limit is lowered, running requests keep their permits, but no request may follow them. */
  get #usable(): number {
    return Math.min(this.#permits, this.#startable);
  }

  get #isRenewable(): boolean {
    return this.#terms.leaseSeconds !== undefined;
  }

  #isRenewalDue(now: number): boolean {
    if (!this.#isRenewable || !this.#isLimited) return false;
    return this.#endsAt - now < (this.#endsAt - this.#leasedAt) * RENEWAL_SHARE;
  }

  /** Whether the state is known well enough to start requests by it. */
  #isSynced(now: number): boolean {
    return now - this.#syncedAt < LIMIT_SYNC_MILLISECONDS;
  }

  /** Whether no further request can start, so that the store isn't asked again. A live change may end that early. */
  get #isDenied(): boolean {
    const now = this.#options.now();
    return this.#deniedUntil > now && this.#isSynced(now);
  }

  #mayStart(weight: number): boolean {
    const now = this.#options.now();
    const { pausedUntil = 0 } = this.#stored?.state ?? UNUSED;
    if (!this.#isSynced(now) || pausedUntil > now) return false;
    if (this.#isLimited) {
      if (this.#inUse >= this.#usable || now >= this.#endsAt || this.#isRenewalDue(now)) return false;
    }
    return this.#allowed.rate === undefined || this.#tokens >= neededTokens(weight, this.#allowed);
  }

  #start(weight: number): Permit {
    const { now } = this.#options;
    const startedAt = now();
    const tokens = this.#allowed.rate === undefined ? 0 : weight;
    this.#tokens -= tokens;
    if (this.#inUse === 0) this.#freedAt = startedAt;
    this.#inUse++;
    this.#peak = Math.max(this.#peak, this.#inUse);
    let isHeld = true;
    const end = (unusedTokens: number) => {
      if (!isHeld) return;
      isHeld = false;
      this.#freedAt = now();
      this.#inUse--;
      this.#tokens += unusedTokens;
      this.#freed.shift()?.();
    };
    const free = () => {
      this.#meanHeldMilliseconds += (now() - startedAt - this.#meanHeldMilliseconds) * LATEST_SHARE;
      end(0);
    };
    return { free, [Symbol.dispose]: () => end(tokens) };
  }

  /** Sending a request back and receiving it again costs more than a short wait for one that ends. */
  #wait(weight: number): LimitWait {
    const retryAt = (latest: number) => this.#turn(weight, latest);
    const isSoon = this.#heldMilliseconds <= MAX_SHORT_WAIT_MILLISECONDS * this.#inUse;
    const isForPermit = this.#isLimited && this.#inUse >= this.#usable;
    if (!isForPermit || !isSoon || this.#freed.length >= this.#inUse) return { retryAt };
    const untilFreed = async (signal: AbortSignal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#freed.push(resolve);
      await unlessAborted(promise, signal, () => {
        this.#freed = this.#freed.filter((other) => other !== resolve);
      });
    };
    return { retryAt, untilFreed };
  }

  /** When a request that must wait comes back: after those that were sent back before, as fast as the limit lets them start. */
  #turn(weight: number, latest: number): number {
    const { rate } = this.#allowed;
    const soonest = Math.max(this.#options.now() + RETRY_MILLISECONDS, this.#deniedUntil);
    const byRate = rate === undefined ? 0 : (1_000 * weight) / perSecond(rate);
    // The other permits serve the requests of other processes.
    const byConcurrency = this.#isLimited ? this.#heldMilliseconds / Math.max(1, this.#permits) : 0;
    return this.#turns.take({ soonest, latest, spacing: Math.max(byRate, byConcurrency) });
  }

  /** Calls of the store are made one at a time, and requests that come meanwhile share the next one. */
  async #sync(keep = 0): Promise<void> {
    this.#syncing ??= this.#lease(keep).finally(() => {
      this.#syncing = undefined;
    });
    await this.#syncing;
  }

  async #lease(keep: number): Promise<void> {
    const { name, limit, states, now } = this.#options;
    const at = now();
    const wish = this.#wish(keep, at);
    const isRenewed = this.#permits === 0 || (at < this.#endsAt && !this.#isRenewalDue(at));
    const leased = this.#permits;
    const tokensBack = Math.min(0, wish.tokens);
    // Permits and tokens that are given back must not be used while that is being written.
    this.#permits = Math.min(leased, wish.permits);
    this.#tokens += tokensBack;
    let granted: LeaseGrant | undefined;
    let isSame = true;
    const change = (state: LimitState) => {
      granted = grantLease(state, allowanceOf(limit, state), wish, at);
      isSame = granted.permits === leased && granted.tokens === 0 && wish.started === 0 && isRenewed;
      return isSame ? state : granted.state;
    };
    const before = this.#stored?.state;
    try {
      this.#stored = await states.change(name, change, this.#isSynced(at) ? this.#stored : undefined, at);
    } catch (error) {
      // The store may still count them. No request uses them before the state is read again, and the next call gives them back.
      this.#permits = leased;
      this.#syncedAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
    if (isChangedLive(before, this.#stored?.state, at)) this.#turns.reset();
    this.#syncedAt = at;
    this.#started -= wish.started;
    if (!granted) return;
    if (!isSame) {
      this.#leasedAt = at;
      this.#endsAt = wish.endsAt;
    }
    this.#adopt({ ...granted, tokens: granted.tokens - tokensBack }, at);
  }

  #wish(keep: number, at: number): LeaseWish {
    const weights = this.#wanted.reduce((total, { weight }) => total + weight, 0);
    const isIdle = keep === 0 && this.#wanted.length === 0;
    const ahead = this.#wanted.length === 0 ? 0 : perSecondOf(this.#allowed) * TOKENS_AHEAD_SECONDS;
    const held = isIdle ? 0 : Math.max(weights + ahead, this.#tokens, 0);
    return {
      holder: this.#options.holder,
      permits: Math.max(this.#inUse + this.#wanted.length, keep),
      spareShare: SPARE_SHARE,
      inUse: this.#inUse,
      endsAt: this.#terms.leaseEndsAt(at),
      tokens: held - this.#tokens,
      debt: Math.max(0, -this.#tokens),
      started: this.#started,
    };
  }

  #adopt({ permits, spare, startable, tokens, state }: LeaseGrant, at: number): void {
    const allowed = this.#allowed;
    this.#permits = permits;
    this.#spare = spare;
    this.#startable = startable;
    this.#tokens = allowed.rate === undefined ? 0 : this.#tokens + tokens;
    this.#deniedUntil = this.#denialEnd(state, allowed, at);
  }

  /** Until when no further request can start, as far as is known; 0 if one can. */
  #denialEnd(state: LimitState, allowed: Allowance, at: number): number {
    const { pausedUntil = 0 } = state;
    if (pausedUntil > at) return pausedUntil;
    if (allowed.concurrency !== undefined && this.#usable <= this.#inUse) return at + RETRY_MILLISECONDS;
    const least = Math.min(...this.#wanted.map(({ weight }) => weight));
    if (allowed.rate === undefined || !Number.isFinite(least)) return 0;
    const missing = neededTokens(least, allowed) - this.#tokens;
    if (missing <= 0) return 0;
    const shared = Math.min(0, tokensAt(state, allowed, at));
    return at + Math.ceil((1_000 * (missing - shared)) / perSecondOf(allowed));
  }
}

/** Whether a live change voids the turns that were given out before: another allowance, or an earlier end of a pause. */
function isChangedLive(before: LimitState = UNUSED, after: LimitState = UNUSED, now: number): boolean {
  const { pausedUntil = 0 } = before;
  if (pausedUntil > now && (after.pausedUntil ?? 0) < pausedUntil) return true;
  return JSON.stringify(before.changed) !== JSON.stringify(after.changed);
}

function perSecondOf({ rate }: Allowance): number {
  return rate === undefined ? 0 : perSecond(rate);
}
