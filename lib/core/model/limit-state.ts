import { type Allowance, perSecond } from '../config/limits.ts';

/** The state of one value of a limit's key, which all processes share. Times are milliseconds since 1970. */
export interface LimitState {
  /** The permits to run requests that each holder has leased. */
  readonly leases: Readonly<Record<string, PermitLease>>;
  /** What the rate has left, as of {@link tokensAt}. Negative after a request that weighed more. @default - a full second's worth */
  readonly tokens?: number;
  readonly tokensAt?: number;
  /** Requests that were submitted and haven't started. */
  readonly waiting: number;
  /** How many of them were submitted lately. @default - none */
  readonly entered?: Entered;
  /** No request starts before. */
  readonly pausedUntil?: number;
  /** What was changed live: it replaces the members of the configured limit. */
  readonly changed?: Allowance;
}

/** How many requests were submitted in the current window of time, and in the one before. */
export interface Entered {
  readonly since: number;
  readonly count: number;
  readonly before: number;
}

/** Permits of a holder. */
export interface PermitLease {
  readonly permits: number;
  readonly endsAt: number;
}

/** What a holder wants of a key. */
export interface LeaseWish {
  readonly holder: string;
  /** Permits in all. Those of its running requests are {@link inUse}: it keeps them whatever the limit. */
  readonly permits: number;
  readonly inUse: number;
  /** The share of the permits that nothing needs which it takes besides, from 0 to 1. It takes none if it needs none. */
  readonly spareShare: number;
  /** When the lease ends. */
  readonly endsAt: number;
  /** Tokens to take from the rate; negative to give some back. */
  readonly tokens: number;
  /** Of these, the tokens that were used already. They are taken even if there are none. */
  readonly debt: number;
  /** Requests that started, and so no longer wait. */
  readonly started: number;
}

/** What a holder gets. */
export interface LeaseGrant {
  readonly state: LimitState;
  /** Permits in all. */
  readonly permits: number;
  /** Those of them that it didn't ask for. */
  readonly spare: number;
  /** How many of them may be used to start a request: fewer than all if more run than the limit allows. */
  readonly startable: number;
  /** Tokens that were taken; negative if they were given back. */
  readonly tokens: number;
}

/** The state of a key that no request has used. */
export const UNUSED: LimitState = { leases: {}, waiting: 0 };

/** What a limit allows, with what was changed live. */
export function allowanceOf(
  { concurrency, rate, maxWaiting }: Allowance,
  { changed }: LimitState,
): Allowance {
  return { concurrency, rate, maxWaiting, ...changed };
}

/**
 * Leases permits and tokens to a holder, or renews, or gives back. A pure function, so that it can be repeated after another
 * holder has changed the state. Never grants more than the limit, apart from what is in use already.
 */
export function grantLease(state: LimitState, allowed: Allowance, wish: LeaseWish, now: number): LeaseGrant {
  const isPaused = (state.pausedUntil ?? 0) > now;
  const others = Object.entries(state.leases).filter(
    ([holder, { endsAt }]) => holder !== wish.holder && endsAt > now,
  );
  const taken = sum(others.map(([, { permits }]) => permits));
  const free = isPaused ? 0 : (allowed.concurrency ?? 0) - taken;
  const { permits, spare } = grantedPermits(allowed, wish, free);
  const available = tokensAt(state, allowed, now);
  const tokens = allowed.rate === undefined ? 0 : grantedTokens(wish, isPaused ? 0 : Math.max(0, available));
  const own = permits > 0 ? [[wish.holder, { permits, endsAt: wish.endsAt }] as const] : [];
  return {
    permits,
    spare,
    startable: Math.min(permits, Math.max(0, free)),
    tokens,
    state: {
      ...state,
      leases: Object.fromEntries([...others, ...own]),
      ...(allowed.rate === undefined
        ? { tokens: undefined, tokensAt: undefined }
        : { tokens: Math.min(available - tokens, burstOf(allowed)), tokensAt: now }),
      waiting: Math.max(0, state.waiting - wish.started),
      pausedUntil: isPaused ? state.pausedUntil : undefined,
    },
  };
}

/** What the rate has left: it fills up to what a second brings, and holds at least one request. */
export function tokensAt({ tokens, tokensAt: at = 0 }: LimitState, allowed: Allowance, now: number): number {
  if (allowed.rate === undefined) return Number.POSITIVE_INFINITY;
  const burst = burstOf(allowed);
  if (tokens === undefined) return burst;
  return Math.min(burst, tokens + (Math.max(0, now - at) / 1_000) * perSecond(allowed.rate));
}

/** Tokens that must be there for a request to start. One that weighs more than there ever are takes all, and leaves a debt. */
export function neededTokens(weight: number, allowed: Allowance): number {
  return Math.min(weight, burstOf(allowed));
}

/** Requests that run now. */
export function runningOf({ leases }: LimitState, now: number): number {
  return sum(Object.values(leases).map(({ permits, endsAt }) => (endsAt > now ? permits : 0)));
}

/** Without a limit of them, none are counted. @param free permits that no other holder has */
function grantedPermits({ concurrency }: Allowance, { permits, inUse, spareShare }: LeaseWish, free: number) {
  if (concurrency === undefined) return { permits: 0, spare: 0 };
  const asked = Math.max(inUse, Math.min(permits, free));
  const spare = asked === 0 ? 0 : Math.floor(Math.max(0, free - asked) * spareShare);
  return { permits: asked + spare, spare };
}

/** Tokens that are given back are always taken. */
function grantedTokens({ tokens, debt }: LeaseWish, most: number): number {
  return tokens <= 0 ? tokens : Math.max(debt, Math.min(tokens, most));
}

/** Most tokens that are saved up. */
function burstOf({ rate }: Allowance): number {
  return rate === undefined ? Number.POSITIVE_INFINITY : Math.max(1, perSecond(rate));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
