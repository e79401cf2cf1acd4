import type { Limit } from '../config/limits.ts';
import { type LimitedKey, type LimitedRequest, limitedKeysOf, limitName } from '../model/limited-key.ts';
import type { Random } from '../ports/clock.ts';
import type { LimitStore } from '../ports/limit-store.ts';
import { KeyLease } from './key-lease.ts';
import type { LeaseTerms } from './lease-terms.ts';
import { LimitStates } from './limit-states.ts';
import type { LimitWait, Permit } from './permit.ts';

/** Options of {@link LimitLeases}. */
export interface LimitLeasesOptions {
  readonly limits: readonly Limit[];
  readonly store: LimitStore;
  readonly now: () => number;
  readonly random: Random;
}

/** The permits that this process has leased, of all limits. */
export class LimitLeases {
  readonly #options: LimitLeasesOptions;
  readonly #states: LimitStates;
  readonly #holder = crypto.randomUUID();
  readonly #leases = new Map<string, KeyLease>();

  constructor(options: LimitLeasesOptions) {
    this.#options = options;
    this.#states = new LimitStates(options.store, options.random);
  }

  /**
   * Takes a permit of each limit that applies to a request, or none if one of them is used up.
   * @throws an error of the store, or LimitContended
   */
  async acquire(request: LimitedRequest, terms: LeaseTerms): Promise<Permit | LimitWait> {
    const taken: Permit[] = [];
    const giveBack = () => {
      for (const permit of taken) permit[Symbol.dispose]();
    };
    try {
      for (const key of this.#keysOf(request)) {
        const answer = await this.#leaseOf(key, terms).acquire(key.weight, terms);
        if ('retryAt' in answer) {
          giveBack();
          return answer;
        }
        taken.push(answer);
      }
    } catch (error) {
      giveBack();
      throw error;
    }
    const free = () => {
      for (const permit of taken) permit.free();
    };
    return { free, [Symbol.dispose]: giveBack };
  }

  /** Notes that a request started that was counted as waiting when it was submitted. */
  countStarted(request: LimitedRequest, terms: LeaseTerms): void {
    for (const key of this.#keysOf(request)) {
      if (key.limit.maxWaiting !== undefined) this.#leaseOf(key, terms).countStarted();
    }
  }

  /**
   * Pauses the requests that share a key with a request.
   * @param until milliseconds since 1970
   * @returns whether there is a limit of the key, and the request has the key
   */
  async pause(request: LimitedRequest, by: string, until: number, terms: LeaseTerms): Promise<boolean> {
    const key = this.#keysOf(request).find(({ limit }) => limit.key === by);
    if (!key) return false;
    await this.#leaseOf(key, terms).pause(until);
    return true;
  }

  /** Renews leases and gives back unneeded permits and tokens. Call it every second, or at the end of a batch. */
  async tidy(): Promise<void> {
    const tidied = Array.from(this.#leases, async ([name, lease]) => {
      await lease.tidy();
      if (lease.isUnused) this.#leases.delete(name);
    });
    await Promise.all(tidied);
  }

  #keysOf(request: LimitedRequest): readonly LimitedKey[] {
    return limitedKeysOf(request, this.#options.limits);
  }

  #leaseOf({ limit, value }: LimitedKey, terms: LeaseTerms): KeyLease {
    const name = limitName(limit.key, value);
    const known = this.#leases.get(name);
    if (known) return known;
    const { now } = this.#options;
    const lease = new KeyLease({ name, limit, holder: this.#holder, states: this.#states, now }, terms);
    this.#leases.set(name, lease);
    return lease;
  }
}
