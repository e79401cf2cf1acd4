import { unlessAborted } from '../../base/unless-aborted.ts';

/** How often figures are read at most. */
const INTERVAL_MILLISECONDS = 5_000;

/** From this age on those who ask wait for the reading under way: an instance that is asked rarely has old figures. */
const AGEING_MILLISECONDS = 10_000;

/** How long they wait at most. */
const PATIENCE_MILLISECONDS = 1_000;

/** From this age on figures say nothing. */
const STALE_MILLISECONDS = 60_000;

/** Figures that are read now and then, for all who ask meanwhile. A failed reading leaves the last figures as they are. */
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

  /** The latest figures; undefined when none are known that are worth anything. */
  async latest(): Promise<Figures | undefined> {
    const now = this.#now();
    if (now - this.#attemptedAt >= INTERVAL_MILLISECONDS) {
      this.#attemptedAt = now;
      this.#attempt = unlessAborted(this.#refresh(now), AbortSignal.timeout(PATIENCE_MILLISECONDS), () => {});
    }
    if (this.#age() > AGEING_MILLISECONDS) await this.#attempt;
    return this.#age() <= STALE_MILLISECONDS ? this.#latest?.figures : undefined;
  }

  /** Figures are as old as the question for them. One that was answered late must not replace newer ones. */
  async #refresh(readAt: number): Promise<void> {
    try {
      const figures = await this.#read();
      if (!this.#latest || this.#latest.readAt <= readAt) this.#latest = { figures, readAt };
    } catch (error) {
      this.#onFailure(error);
    }
  }

  #age(): number {
    return this.#latest ? this.#now() - this.#latest.readAt : Number.POSITIVE_INFINITY;
  }
}
