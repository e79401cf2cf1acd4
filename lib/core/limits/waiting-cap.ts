import type { Limit } from '../config/limits.ts';
import { allowanceOf, type LimitState } from '../model/limit-state.ts';
import { type LimitedKey, type LimitedRequest, limitedKeysOf, limitName } from '../model/limited-key.ts';
import type { FullKey } from '../ports/admission.ts';
import type { LimitStore, StoredLimit } from '../ports/limit-store.ts';
import { LimitStates } from './limit-states.ts';

/** The share of the room under a cap that a process reserves at most, so that not every request needs a call of the store. */
const RESERVED_SHARE = 0.01;

/** A process that used up its reservation within this time reserves twice as much next. */
const BUSY_MILLISECONDS = 1_000;

/** What {@link WaitingCap} needs. */
export interface WaitingCapOptions {
  readonly limits: readonly Limit[];
  readonly store: LimitStore;
  readonly now: () => number;
  /** How many requests of all keys wait or run; undefined if unknown. */
  readonly backlog: () => Promise<number | undefined>;
}

/** Requests of a key that are counted in the store, and may be submitted by this process. */
interface Reservation {
  left: number;
  size: number;
  reservedAt: number;
  stored: StoredLimit | undefined;
}

/**
 * Counts the requests of a key that wait, and refuses those beyond its cap. A request counts from its submission to its first
 * attempt. A count that is too high, since a process ended between the two, is corrected when the cap is reached: no more
 * requests of a key wait than of all keys.
 */
export class WaitingCap {
  readonly #options: WaitingCapOptions;
  readonly #limits: readonly Limit[];
  readonly #states: LimitStates;
  readonly #reservations = new Map<string, Reservation>();

  constructor(options: WaitingCapOptions) {
    this.#options = options;
    this.#limits = options.limits.filter(({ maxWaiting }) => maxWaiting !== undefined);
    this.#states = new LimitStates(options.store);
  }

  /**
   * Counts a request, unless a key of it is full.
   * @returns the key that is full
   * @throws an error of the store, or LimitContended
   */
  async enter(request: LimitedRequest): Promise<FullKey | undefined> {
    const entered: Reservation[] = [];
    for (const key of limitedKeysOf(request, this.#limits)) {
      const reservation = await this.#reserve(key);
      if ('maxWaiting' in reservation) {
        for (const other of entered) other.left++;
        return reservation;
      }
      reservation.left--;
      entered.push(reservation);
    }
    return undefined;
  }

  async #reserve(key: LimitedKey): Promise<Reservation | FullKey> {
    const name = limitName(key.limit.key, key.value);
    const reservation = this.#reservations.get(name) ?? {
      left: 0,
      size: 0,
      reservedAt: Number.NEGATIVE_INFINITY,
      stored: undefined,
    };
    this.#reservations.set(name, reservation);
    if (reservation.left > 0) return reservation;
    const full = await this.#count(name, key, reservation);
    if (!full || !(await this.#correct(name, full, reservation))) return full ?? reservation;
    return (await this.#count(name, key, reservation)) ?? reservation;
  }

  /** Counts requests in the store, for a reservation. @returns the key if it is full */
  async #count(name: string, key: LimitedKey, reservation: Reservation): Promise<FullKey | undefined> {
    const now = this.#options.now();
    const isBusy = now - reservation.reservedAt < BUSY_MILLISECONDS;
    const wanted = isBusy ? Math.max(1, reservation.size * 2) : 1;
    let taken = 0;
    let full: FullKey | undefined;
    const count = (state: LimitState) => {
      const { maxWaiting = Number.POSITIVE_INFINITY } = allowanceOf(key.limit, state);
      const { waiting } = state;
      const room = maxWaiting - waiting;
      full = room > 0 ? undefined : { key: key.limit.key, value: key.value, waiting, maxWaiting };
      taken = full ? 0 : Math.min(wanted, Math.max(1, Math.floor(room * RESERVED_SHARE)));
      return full ? state : { ...state, waiting: waiting + taken };
    };
    reservation.stored = await this.#states.change(name, count, reservation.stored, now);
    reservation.left += taken;
    reservation.size = taken;
    reservation.reservedAt = now;
    return full;
  }

  /** Lowers a count that is higher than all that waits and runs. @returns whether it did */
  async #correct(name: string, { waiting }: FullKey, reservation: Reservation): Promise<boolean> {
    const backlog = await this.#options.backlog();
    if (backlog === undefined || backlog >= waiting) return false;
    const lower = (state: LimitState) => ({ ...state, waiting: Math.min(state.waiting, backlog) });
    reservation.stored = await this.#states.change(name, lower, reservation.stored, this.#options.now());
    return true;
  }
}
