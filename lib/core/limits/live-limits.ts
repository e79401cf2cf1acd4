import { quote } from '../base/quote.ts';
import { type Allowance, allowanceProblem, type Limit, type LimitKey } from '../config/limits.ts';
import { allowanceOf, type LimitState, runningOf } from '../model/limit-state.ts';
import { limitName } from '../model/limited-key.ts';
import type { Clock } from '../ports/clock.ts';
import type { LimitStore } from '../ports/limit-store.ts';
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

  constructor(limits: readonly Limit[], store: LimitStore, clock: Clock) {
    this.#limits = limits;
    this.#states = new LimitStates(store);
    this.#clock = clock;
  }

  /** The limits as they are configured. */
  list(): readonly Limit[] {
    return this.#limits;
  }

  /** @param value left out for the key `all` @throws LimitRefused */
  async get(key: string, value?: string): Promise<LimitView> {
    const limit = this.#limitOf(key, value);
    return this.#viewOf(limit, value, await this.#states.read(limitName(limit.key, value ?? '')));
  }

  /** Changes what a value of a key allows, until {@link reset}. @throws LimitRefused */
  async change(key: string, value: string | undefined, change: LimitChange): Promise<LimitView> {
    const limit = this.#limitOf(key, value);
    const { pausedUntil, ...allowance } = change;
    const problem = allowanceProblem(allowance);
    if (problem !== undefined) throw new LimitRefused('limit_invalid', problem);
    if (pausedUntil !== undefined && Number.isNaN(pausedUntil.getTime())) {
      throw new LimitRefused('limit_invalid', 'pausedUntil must be a time');
    }
    const changed = Object.keys(allowance).length > 0 ? allowance : undefined;
    return this.#update(limit, value, (state) => ({
      ...state,
      ...(changed && { changed: { ...state.changed, ...changed } }),
      ...(pausedUntil && { pausedUntil: pausedUntil.getTime() }),
    }));
  }

  /** Ends what was changed live, and a pause. @throws LimitRefused */
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
      const known = this.#limits.map((each) => each.key).join(', ') || 'none';
      throw new LimitRefused('limit_unknown', `The service has limits of ${known}, got ${quote(key)}`);
    }
    if ((limit.key === 'all') === (value === undefined)) return limit;
    throw new LimitRefused(
      'limit_invalid',
      limit.key === 'all'
        ? `The key all has no values, got ${quote(value)}`
        : `The key ${limit.key} needs a value`,
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
