import type { Limit } from '../config/limits.ts';
import { allowanceOf, type Entered, type LimitState } from '../model/limit-state.ts';
import { type LimitedKey, type LimitedRequest, limitedKeysOf, limitName } from '../model/limited-key.ts';
import type { FullKey } from '../ports/admission.ts';
import type { Random } from '../ports/clock.ts';
import type { LimitStore, StoredLimit } from '../ports/limit-store.ts';
import { LimitStates } from './limit-states.ts';

/** The largest share of the room under a cap that a process reserves, so that not every request needs a call of the store. */
const RESERVED_SHARE = 0.01;

/** A process that used up its reservation within this time reserves twice as much next. */
const BUSY_MILLISECONDS = 1_000;

/** A process with this many reservations forgets the unused ones. */
const MAX_RESERVATIONS = 1_000;

/**
 * The windows in which requests that were submitted are counted, in milliseconds. For as long, a queue may not know of a request:
 * the counts of SQS are a minute late and leave out what is delayed, and an upload's ticket is valid for an hour.
 */
const WINDOW_MILLISECONDS = 3_600_000;

/** Options of a {@link WaitingCap}. */
export interface WaitingCapOptions {
  readonly limits: readonly Limit[];
  readonly store: LimitStore;
  readonly now: () => number;
  readonly random: Random;
  /** How many requests of all keys wait or run; undefined if unknown. */
  readonly backlog: () => Promise<number | undefined>;
}

/** Requests of a key that are counted in the store, and may be submitted by this process. */
interface Reservation {
  left: number;
  /** Requests that wait for one. */
  wanted: number;
  size: number;
  reservedAt: number;
  stored: StoredLimit | undefined;
  /** The call of the store in flight. */
  reserving: Promise<FullKey | undefined> | undefined;
}

/**
 * Counts the requests of a key that wait, and refuses those beyond its cap. A request counts from its submission to its first
 * attempt. A count that is too high, since a process ended between the two, is corrected when the cap is reached: no more
 * requests of a key wait than the queue has of all keys, plus those that were submitted in the last hour or two.
 */
export class WaitingCap {
  readonly #options: WaitingCapOptions;
  readonly #limits: readonly Limit[];
  readonly #states: LimitStates;
  readonly #reservations = new Map<string, Reservation>();

  constructor(options: WaitingCapOptions) {
    this.#options = options;
    this.#limits = options.limits.filter(({ maxWaiting }) => maxWaiting !== undefined);
    this.#states = new LimitStates(options.store, options.random);
  }

  /**
   * Counts a request, unless a key of it is full.
   * @returns the key that is full
   * @throws an error of the store, or LimitContended
   */
  async enter(request: LimitedRequest): Promise<FullKey | undefined> {
    const entered: Reservation[] = [];
    for (const key of limitedKeysOf(request, this.#limits)) {
      const reservation = await this.#take(key);
      if ('maxWaiting' in reservation) {
        for (const other of entered) other.left++;
        return reservation;
      }
      entered.push(reservation);
    }
    return undefined;
  }

  /**
   * Stops counting a request that was counted, and won't start.
   * @throws an error of the store, or LimitContended
   */
  async leave(request: LimitedRequest): Promise<void> {
    for (const { limit, value } of limitedKeysOf(request, this.#limits)) {
      const name = limitName(limit.key, value);
      const leave = (state: LimitState) =>
        state.waiting > 0 ? { ...state, waiting: state.waiting - 1 } : state;
      await this.#states.change(name, leave, undefined, this.#options.now());
    }
  }

  /** Takes a place from the reservation. There is no await between the check and the take, so no two requests take the same one. */
  async #take(key: LimitedKey): Promise<Reservation | FullKey> {
    const name = limitName(key.limit.key, key.value);
    const reservation = this.#reservationOf(name);
    reservation.wanted++;
    try {
      while (reservation.left === 0) {
        const full = await this.#reserve(name, key, reservation);
        if (full && reservation.left === 0) return full;
      }
      reservation.left--;
      return reservation;
    } finally {
      reservation.wanted--;
    }
  }

  /** Requests that come meanwhile share a call of the store, or the next one. @returns the key if it is full */
  #reserve(name: string, key: LimitedKey, reservation: Reservation): Promise<FullKey | undefined> {
    reservation.reserving ??= this.#countOrCorrect(name, key, reservation).finally(() => {
      reservation.reserving = undefined;
    });
    return reservation.reserving;
  }

  async #countOrCorrect(
    name: string,
    key: LimitedKey,
    reservation: Reservation,
  ): Promise<FullKey | undefined> {
    const full = await this.#count(name, key, reservation);
    if (!full || !(await this.#correct(name, reservation))) return full;
    return this.#count(name, key, reservation);
  }

  #reservationOf(name: string): Reservation {
    const known = this.#reservations.get(name);
    if (known) return known;
    if (this.#reservations.size >= MAX_RESERVATIONS) this.#forgetIdle();
    const fresh: Reservation = {
      left: 0,
      wanted: 0,
      size: 0,
      reservedAt: Number.NEGATIVE_INFINITY,
      stored: undefined,
      reserving: undefined,
    };
    this.#reservations.set(name, fresh);
    return fresh;
  }

  /** Values of keys are without number, and most are never seen again. */
  #forgetIdle(): void {
    const busySince = this.#options.now() - BUSY_MILLISECONDS;
    for (const [name, { left, wanted, reservedAt }] of this.#reservations) {
      if (left + wanted === 0 && reservedAt < busySince) this.#reservations.delete(name);
    }
  }

  /** Counts requests in the store: those that wait, and a reservation. @returns the key if it is full */
  async #count(name: string, key: LimitedKey, reservation: Reservation): Promise<FullKey | undefined> {
    const now = this.#options.now();
    const isBusy = now - reservation.reservedAt < BUSY_MILLISECONDS;
    const ahead = isBusy ? reservation.size * 2 : 0;
    let taken = 0;
    let full: FullKey | undefined;
    const count = (state: LimitState) => {
      const { maxWaiting = Number.POSITIVE_INFINITY } = allowanceOf(key.limit, state);
      const { waiting } = state;
      const room = maxWaiting - waiting;
      full = room > 0 ? undefined : { key: key.limit.key, value: key.value, waiting, maxWaiting };
      const spare = Math.min(ahead, Math.floor(room * RESERVED_SHARE));
      taken = full ? 0 : Math.min(room, Math.max(reservation.wanted, spare));
      return full ? state : { ...state, waiting: waiting + taken, entered: withEntered(state, taken, now) };
    };
    reservation.stored = await this.#states.change(name, count, reservation.stored, now);
    reservation.left += taken;
    reservation.size = taken;
    reservation.reservedAt = now;
    return full;
  }

  /** Lowers a count that is higher than what can wait. @returns whether it did */
  async #correct(name: string, reservation: Reservation): Promise<boolean> {
    const backlog = await this.#options.backlog();
    if (backlog === undefined) return false;
    const now = this.#options.now();
    const lower = (state: LimitState) => {
      const { count, before } = enteredBy(state, now);
      const most = backlog + count + before;
      return state.waiting > most ? { ...state, waiting: most } : state;
    };
    const known = reservation.stored;
    if (known && lower(known.state) === known.state) return false;
    reservation.stored = await this.#states.change(name, lower, known, now);
    return true;
  }
}

/** The counts of recent submissions, as of now. */
function enteredBy({ entered }: LimitState, now: number): Entered {
  const { since, count, before } = entered ?? { since: now, count: 0, before: 0 };
  const windows = Math.floor((now - since) / WINDOW_MILLISECONDS);
  if (windows < 1) return { since, count, before };
  return { since: since + windows * WINDOW_MILLISECONDS, count: 0, before: windows === 1 ? count : 0 };
}

function withEntered(state: LimitState, taken: number, now: number): Entered {
  const entered = enteredBy(state, now);
  return { ...entered, count: entered.count + taken };
}
