import { quote } from '../base/quote.ts';
import {
  ALLOWANCE_MEMBERS,
  type Allowance,
  type Limit,
  type LimitKey,
  limitChangeProblem,
} from '../config/limits.ts';
import { allowanceOf, type LimitState, runningOf } from '../model/limit-state.ts';
import { limitName } from '../model/limited-key.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { LimitStore } from '../ports/limit-store.ts';
import { assertAllowance } from './assert-allowance.ts';
import { LimitRefused } from './errors.ts';
import { LimitStates } from './limit-states.ts';

/** One value of a limit's key: what it allows now, and how it stands. */
export interface LimitView extends Allowance {
  readonly key: LimitKey;
  /** Absent for the key `all`. */
  readonly value?: string;
  /** What was changed live. */
  readonly changed?: Allowance;
  /** Requests that run, as far as permits are leased for them. Absent without a limit of them. */
  readonly running?: number;
  /** Requests that wait. Absent without a cap of them. */
  readonly waiting?: number;
  /** No request starts before. */
  readonly pausedUntil?: Date;
}

/** A live change of one value of a key. What is absent stays as it is. */
export interface LimitChange extends Allowance {
  /** No request starts before; a time that has passed ends a pause. */
  readonly pausedUntil?: Date;
}

/** Shows and changes limits while the service runs. A change takes effect in all processes within seconds. */
export class LiveLimits {
  readonly #limits: readonly Limit[];
  readonly #states: LimitStates;
  readonly #clock: Clock;

  constructor(limits: readonly Limit[], store: LimitStore, clock: Clock, random: Random) {
    this.#limits = limits;
    this.#states = new LimitStates(store, random);
    this.#clock = clock;
  }

  /** The limits as they are configured. */
  list(): readonly Limit[] {
    return this.#limits;
  }

  /** What one value of a key allows now, and its current state. @param value left out for the key `all` @throws LimitRefused */
  async get(key: string, value?: string): Promise<LimitView> {
    const limit = this.#limitOf(key, value);
    return this.#viewOf(limit, value, await this.#states.read(limitName(limit.key, value ?? '')));
  }

  /**
   * Changes what a value of a key allows, until {@link reset}. Running requests continue.
   * @param value left out for the key `all`
   * @throws LimitRefused, LimitContended
   */
  async change(key: string, value: string | undefined, change: LimitChange): Promise<LimitView> {
    const limit = this.#limitOf(key, value);
    const problem = limitChangeProblem(change);
    if (problem !== undefined) throw new LimitRefused('limit_invalid', problem);
    const { pausedUntil, ...given } = change;
    const allowance = checkedAllowance(given, limit);
    assertTime(pausedUntil);
    const changes = Object.keys(allowance).length > 0;
    if (!changes && pausedUntil === undefined) {
      const members = [...ALLOWANCE_MEMBERS, 'pausedUntil'].join(', ');
      throw new LimitRefused('limit_invalid', `A change must have at least one of ${members}, got none`);
    }
    return this.#update(limit, value, (state) => ({
      ...state,
      ...(changes && { changed: { ...state.changed, ...allowance } }),
      ...(pausedUntil && { pausedUntil: pausedUntil.getTime() }),
    }));
  }

  /** Ends what was changed live, and a pause. @param value left out for the key `all` @throws LimitRefused, LimitContended */
  reset(key: string, value?: string): Promise<LimitView> {
    const end = ({ changed: _, pausedUntil: __, ...state }: LimitState) => state;
    return this.#update(this.#limitOf(key, value), value, end);
  }

  async #update(
    limit: Limit,
    value: string | undefined,
    change: (state: LimitState) => LimitState,
  ): Promise<LimitView> {
    const name = limitName(limit.key, value ?? '');
    const stored = await this.#states.change(name, change, undefined, this.#clock.now());
    return this.#viewOf(limit, value, stored?.state ?? (await this.#states.read(name)));
  }

  #limitOf(key: string, value: string | undefined): Limit {
    const limit = this.#limits.find((each) => each.key === key);
    if (!limit) {
      const known = this.#limits.map((each) => each.key).join(', ');
      const configured = known
        ? `has limits of ${known}, got ${quote(key)}`
        : `has no limits, got ${quote(key)}`;
      throw new LimitRefused(
        'limit_unknown',
        `The service ${configured}. Configure a limit of this key first: with the option limits, or in COATCHECK_LIMITS`,
      );
    }
    if (limit.key === 'all' ? value === undefined : typeof value === 'string') return limit;
    throw new LimitRefused(
      'limit_invalid',
      limit.key === 'all'
        ? `The key all has no values, got ${quote(value)}`
        : `The key ${limit.key} needs a value: a string, got ${quote(value)}`,
    );
  }

  #viewOf(limit: Limit, value: string | undefined, state: LimitState): LimitView {
    const now = this.#clock.now();
    const { concurrency, rate, maxWaiting } = allowanceOf(limit, state);
    const { changed, waiting, pausedUntil = 0 } = state;
    return {
      key: limit.key,
      ...(value !== undefined && { value }),
      ...(concurrency !== undefined && { concurrency, running: runningOf(state, now) }),
      ...(rate !== undefined && { rate }),
      ...(maxWaiting !== undefined && { maxWaiting, waiting }),
      ...(changed && { changed }),
      ...(pausedUntil > now && { pausedUntil: new Date(pausedUntil) }),
    };
  }
}

/** @throws LimitRefused unless it is a time, or absent */
function assertTime(pausedUntil: unknown): asserts pausedUntil is Date | undefined {
  if (pausedUntil === undefined) return;
  if (pausedUntil instanceof Date && Number.isFinite(pausedUntil.getTime())) return;
  throw new LimitRefused(
    'limit_invalid',
    `pausedUntil must be a valid Date, got ${quote(pausedUntil)}; one that has passed ends a pause`,
  );
}

/** What a change changes. @throws LimitRefused */
function checkedAllowance(given: Allowance, limit: Limit): Allowance {
  const defined: object = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  assertAllowance(defined);
  // Nothing was counted of the requests that wait already.
  if (defined.maxWaiting !== undefined && limit.maxWaiting === undefined) {
    throw new LimitRefused(
      'limit_invalid',
      `maxWaiting can be changed only where it is configured: add it to the limit of ${limit.key}`,
    );
  }
  return defined;
}
