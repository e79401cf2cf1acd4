import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MILLISECONDS } from '../base/time.ts';
import { type LimitState, UNUSED } from '../model/limit-state.ts';
import type { Random } from '../ports/clock.ts';
import type { LimitStore, StoredLimit } from '../ports/limit-store.ts';
import { LimitContended } from './errors.ts';

/** How long a state is kept after its last change: longer than SQS keeps a request that waits. */
const KEPT_MILLISECONDS = 15 * DAY_MILLISECONDS;

/** Most tries to write a change. A try fails if another process changed the state first. */
const MAX_WRITES = 20;

/** Reads and changes the states of limits. */
export class LimitStates {
  readonly #store: LimitStore;
  readonly #random: Random;

  /** @param random spreads the tries of processes that change one state */
  constructor(store: LimitStore, random: Random) {
    this.#store = store;
    this.#random = random;
  }

  async read(name: string): Promise<LimitState> {
    return (await this.#store.read(name))?.state ?? UNUSED;
  }

  /**
   * Changes a state. If it is as the caller knows it, that takes one write and no read.
   * @param change returns the same state to leave it as it is. It is called again if the state turns out to be another one
   * @param known the state that this method returned last. @default - the state is read first
   * @param now milliseconds since 1970
   * @returns the stored state after that; undefined if there is none
   * @throws LimitContended
   */
  async change(
    name: string,
    change: (state: LimitState) => LimitState,
    known: StoredLimit | undefined,
    now: number,
  ): Promise<StoredLimit | undefined> {
    let current = known ?? (await this.#store.read(name));
    let mayBeOld = known !== undefined;
    for (let writes = 0; writes < MAX_WRITES; ) {
      const before = current?.state ?? UNUSED;
      const state = change(before);
      if (state === before && !mayBeOld) return current;
      if (state === before) {
        current = await this.#store.read(name);
      } else {
        const next = { state, revision: (current?.revision ?? 0) + 1, ...keptUntil(state, now) };
        const result = await this.#store.write(name, next);
        if (result.written) return next;
        current = result.stored;
        writes++;
        // Many processes that change one state find their turns one after another.
        if (writes > 2) await sleep(this.#random() * writes * 10);
      }
      mayBeOld = false;
    }
    throw new LimitContended(name, MAX_WRITES);
  }
}

/** A state with a live change is kept until that is reset. */
function keptUntil({ changed, pausedUntil = 0 }: LimitState, now: number): { readonly keptUntil?: number } {
  return changed ? {} : { keptUntil: Math.max(now, pausedUntil) + KEPT_MILLISECONDS };
}
