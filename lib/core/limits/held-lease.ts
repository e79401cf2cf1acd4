import { type Allowance, type Limit, perSecond } from '../config/limits.ts';
import {
  allowanceOf,
  type LeaseGrant,
  type LeaseWish,
  type LimitState,
  neededTokens,
  tokensAt,
  UNUSED,
} from '../model/limit-state.ts';
import type { StoredLimit } from '../ports/limit-store.ts';
import { PermitUse } from './permit-use.ts';

/** How long a request that found no permit waits at least, in milliseconds. */
export const RETRY_MILLISECONDS = 1_000;

/** The greatest age of the known state of a key by which requests start: a live change takes effect within that time. */
export const LIMIT_SYNC_MILLISECONDS = 5_000;

/** The share of a lease that is left when it is renewed. */
const RENEWAL_SHARE = 0.5;

/** Tokens are taken for this time ahead, so that not every request needs a call of the store. */
const TOKENS_AHEAD_SECONDS = 0.1;

/** The share of unused permits that a process leases in reserve, so that not every rise needs a call of the store. */
const SPARE_SHARE = 0.1;

/** What a lease lets a request do. Only an answer of the store ends `stale` and `used_up`, or a permit that gets free. */
export type LeasePhase =
  /** The store must be asked: what is known about the key is too old. */
  | 'stale'
  /** The request may start. */
  | 'open'
  /** The store must be asked: this process has no permit or not enough tokens left, or its lease ends soon. */
  | 'used_up'
  /** The request must wait for a permit that gets free, or for a time: the store has no more. */
  | 'denied';

/** What a process needs of a key. */
export interface LeaseNeed {
  /** Weights of the requests that wait to start. */
  readonly weights: readonly number[];
  /** Permits to keep for later requests, with those in use. */
  readonly keep: number;
}

/** What a call of the store brought. */
export interface LeaseAnswer {
  readonly wish: LeaseWish;
  readonly grant: LeaseGrant;
  /** What the store has now: {@link grant}'s state, or what it had before. */
  readonly stored: StoredLimit | undefined;
  readonly askedAt: number;
  /** Weights of the requests that wait for the answer. */
  readonly weights: readonly number[];
}

/**
 * What a process holds of one value of a limit's key, and what it knows about it: a state machine without I/O. Its phase says
 * what a request does that wants to start; its verbs are the transitions. Times are milliseconds since 1970.
 */
export class HeldLease {
  /** How requests use its permits. */
  readonly use = new PermitUse();
  readonly #limit: Limit;
  readonly #isRenewable: boolean;
  /** The state of the key as this process knows it. */
  #stored: StoredLimit | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;
  #deniedUntil = 0;
  #permits = 0;
  /** The permits among them that are in reserve. */
  #spare = 0;
  /** {@link LeaseGrant.startable} */
  #startable = 0;
  /** Permits that are being given back, besides. */
  #offered = 0;
  #leasedAt = 0;
  #endsAt = 0;
  /** What it may use of the rate. Negative after a request that weighed more. */
  #tokens = 0;
  /** Requests that started and that the store still counts as waiting. */
  #started = 0;

  /** @param isRenewable whether it is renewed before it ends */
  constructor(limit: Limit, isRenewable: boolean) {
    this.#limit = limit;
    this.#isRenewable = isRenewable;
  }

  /** What it lets a request of some weight do. */
  phaseOf(weight: number, now: number): LeasePhase {
    if (!this.isSynced(now)) return 'stale';
    if (this.#hasPermit(now) && this.#hasTokens(weight) && !this.#isPaused(now)) return 'open';
    return this.#deniedUntil > now ? 'denied' : 'used_up';
  }

  /** Starts a request. @returns the tokens that it takes */
  start(weight: number, now: number): number {
    const tokens = this.#allowed.rate === undefined ? 0 : weight;
    this.#tokens -= tokens;
    this.use.take(now);
    return tokens;
  }

  /** Ends a request that ran since a time. */
  end(since: number, now: number): void {
    this.use.free(since, now);
  }

  /** Gives back what a request took that doesn't run after all. */
  giveBack(tokens: number, now: number): void {
    this.#tokens += tokens;
    this.use.giveBack(now);
  }

  /** Counts a request that started and was counted as waiting. */
  countStarted(): void {
    this.#started++;
  }

  /** Starts no request before a time. @param stored what the store has since */
  pause(until: number, stored: StoredLimit | undefined): void {
    this.#stored = stored;
    this.#deniedUntil = Math.max(this.#deniedUntil, until);
  }

  /** Whether the store must be asked although no request wants to start: to renew, to give back, or to count. */
  mustAsk(keep: number, now: number): boolean {
    const hasUnneeded = this.#isLimited && this.#permits > keep + (keep > 0 ? this.#spare : 0);
    const hasTokens = keep === 0 ? this.#tokens !== 0 : this.#tokens < 0;
    const isDue = this.use.inUse > 0 && this.#isRenewalDue(now);
    return hasUnneeded || hasTokens || this.#started > 0 || isDue;
  }

  /** Asks for what is needed. What is given back isn't used while that is being written. */
  ask({ weights, keep }: LeaseNeed, lease: Pick<LeaseWish, 'holder' | 'endsAt'>): LeaseWish {
    const { inUse } = this.use;
    const wish = {
      ...lease,
      permits: Math.max(inUse + weights.length, keep),
      spareShare: SPARE_SHARE,
      inUse,
      tokens: this.#neededTokens({ weights, keep }) - this.#tokens,
      debt: Math.max(0, -this.#tokens),
      started: this.#started,
    };
    const kept = Math.min(this.#permits, wish.permits);
    this.#offered = this.#permits - kept;
    this.#permits = kept;
    this.#tokens += Math.min(0, wish.tokens);
    return wish;
  }

  /**
   * Whether a grant must be written, since it changes permits, counts, or when the lease ends.
   * @param state what the store has, which differs from what this process knows if an answer was lost
   */
  isNews(state: LimitState, { permits, tokens }: LeaseGrant, wish: LeaseWish, now: number): boolean {
    const leased = state.leases[wish.holder]?.permits ?? 0;
    const isRenewal = permits > 0 && (now >= this.#endsAt || this.#isRenewalDue(now));
    return permits !== leased || tokens !== 0 || wish.started > 0 || isRenewal;
  }

  /** Takes over what the store answered. */
  adopt({ wish, grant, stored, askedAt, weights }: LeaseAnswer): void {
    this.#stored = stored;
    this.#syncedAt = askedAt;
    if (stored?.state === grant.state) {
      this.#leasedAt = askedAt;
      this.#endsAt = wish.endsAt;
    }
    this.#permits = grant.permits;
    this.#spare = grant.spare;
    this.#startable = grant.startable;
    this.#offered = 0;
    // Those that are given back were taken off before.
    this.#tokens = this.#allowed.rate === undefined ? 0 : this.#tokens + Math.max(0, grant.tokens);
    this.#started -= wish.started;
    this.#deniedUntil = this.#denialEnd(grant.state, weights, askedAt);
  }

  /**
   * Doubts what it knows, since the store didn't answer and may still count what was given back. No request uses that before the
   * state is read again, and the next call gives the permits back.
   */
  doubt(): void {
    this.#permits += this.#offered;
    this.#offered = 0;
    this.#syncedAt = Number.NEGATIVE_INFINITY;
  }

  /** The state of the key as this process knows it. */
  get stored(): StoredLimit | undefined {
    return this.#stored;
  }

  /** The permits that it has, used or not. */
  get permits(): number {
    return this.#permits;
  }

  /** Whether no permit is left. When a limit is lowered, running requests keep their permits, but no request may follow them. */
  get isFull(): boolean {
    return this.#isLimited && this.use.inUse >= Math.min(this.#permits, this.#startable);
  }

  /** Whether it has nothing that the store must learn of. */
  get isEmpty(): boolean {
    return this.use.inUse + this.#permits + this.#started === 0;
  }

  /** How long after a request of some weight the next one that waits can start, in milliseconds. */
  spacing(weight: number, now: number): number {
    const { rate } = this.#allowed;
    const byRate = rate === undefined ? 0 : (1_000 * weight) / perSecond(rate);
    // The other permits serve the requests of other processes.
    const byConcurrency = this.#isLimited ? this.use.heldMilliseconds(now) / Math.max(1, this.#permits) : 0;
    return Math.max(byRate, byConcurrency);
  }

  /** Until when no further request can start, as far as is known; in the past if one can. */
  get deniedUntil(): number {
    return this.#deniedUntil;
  }

  /** Whether the state is known well enough to start requests by it. */
  isSynced(now: number): boolean {
    return now - this.#syncedAt < LIMIT_SYNC_MILLISECONDS;
  }

  /** What the key allows, as far as is known. */
  get #allowed(): Allowance {
    return allowanceOf(this.#limit, this.#stored?.state ?? UNUSED);
  }

  /** Whether permits are counted. */
  get #isLimited(): boolean {
    return this.#allowed.concurrency !== undefined;
  }

  #hasPermit(now: number): boolean {
    return !this.#isLimited || (!this.isFull && now < this.#endsAt && !this.#isRenewalDue(now));
  }

  #hasTokens(weight: number): boolean {
    return this.#allowed.rate === undefined || this.#tokens >= neededTokens(weight, this.#allowed);
  }

  #isPaused(now: number): boolean {
    return (this.#stored?.state.pausedUntil ?? 0) > now;
  }

  #isRenewalDue(now: number): boolean {
    if (!this.#isRenewable || !this.#isLimited) return false;
    return this.#endsAt - now < (this.#endsAt - this.#leasedAt) * RENEWAL_SHARE;
  }

  /** The tokens that it needs in all: those of the requests that wait, and some ahead. An idle process gives all back. */
  #neededTokens({ weights, keep }: LeaseNeed): number {
    if (weights.length === 0) return keep === 0 ? 0 : Math.max(this.#tokens, 0);
    const { rate } = this.#allowed;
    const ahead = rate === undefined ? 0 : perSecond(rate) * TOKENS_AHEAD_SECONDS;
    const waiting = weights.reduce((total, weight) => total + weight, 0);
    return Math.max(waiting + ahead, this.#tokens, 0);
  }

  #denialEnd(state: LimitState, weights: readonly number[], now: number): number {
    const { pausedUntil = 0 } = state;
    if (pausedUntil > now) return pausedUntil;
    if (this.isFull) return now + RETRY_MILLISECONDS;
    const allowed = this.#allowed;
    if (allowed.rate === undefined || weights.length === 0) return 0;
    const missing = neededTokens(Math.min(...weights), allowed) - this.#tokens;
    if (missing <= 0) return 0;
    const shared = Math.min(0, tokensAt(state, allowed, now));
    return now + Math.ceil((1_000 * (missing - shared)) / perSecond(allowed.rate));
  }
}
