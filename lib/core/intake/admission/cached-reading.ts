import { unlessAborted } from '../../base/unless-aborted.ts';

/** Least time between two readings. */
const INTERVAL_MILLISECONDS = 5_000;

/** Age from which a caller waits for the current reading: a rarely used instance has old figures. */
const AGEING_MILLISECONDS = 10_000;

/** Longest wait for a reading. */
const PATIENCE_MILLISECONDS = 1_000;

/** Age from which figures are no longer used. */
const STALE_MILLISECONDS = 60_000;

/** Caches figures and refreshes them on demand. A failed reading keeps the last figures. */
export class Reading<Figures> {
  readonly #read: () => Promise<Figures>;
  readonly #now: () => number;
  readonly #onFailure: (error: unknown) => void;
  #latest: { readonly figures: Figures; readonly readAt: number } | undefined;
  #attempt: Promise<void> = Promise.resolve();
  #attemptedAt = Number.NEGATIVE_INFINITY;

  constructor(read: () => Promise<Figures>, now: () => number, onFailure: (error: unknown) => void) {
    this.#read = read;
    this.#now = now;
    this.#onFailure = onFailure;
  }

  /** The latest figures; undefined if there are none, or only stale ones. */
  async latest(): Promise<Figures | undefined> {
    const now = this.#now();
    if (now - this.#attemptedAt >= INTERVAL_MILLISECONDS || now < this.#attemptedAt) {
      this.#attemptedAt = now;
      this.#attempt = unlessAborted(this.#refresh(now), AbortSignal.timeout(PATIENCE_MILLISECONDS), () => {});
    }
    if (this.#age() > AGEING_MILLISECONDS) await this.#attempt;
    return this.#age() <= STALE_MILLISECONDS ? this.#latest?.figures : undefined;
  }

  /** Figures date from the start of their reading. A slow reading must not replace newer figures. */
  async #refresh(readAt: number): Promise<void> {
    try {
      const figures = await this.#read();
      const { readAt: latest = readAt } = this.#latest ?? {};
      if (latest <= readAt || latest > this.#now()) this.#latest = { figures, readAt };
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** Figures from after now are too old: the clock was set back. */
  #age(): number {
    const age = this.#latest ? this.#now() - this.#latest.readAt : Number.POSITIVE_INFINITY;
    return age < 0 ? Number.POSITIVE_INFINITY : age;
  }
}
