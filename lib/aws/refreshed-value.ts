/** How long a value is used before it is read again, in milliseconds. */
export const FRESH_MILLISECONDS = 300_000;

/** How long a value is used at most while it can't be read again. */
export const KEPT_MILLISECONDS = 3_600_000;

/** Least time between two reads of a value that is in doubt or can't be read. */
export const RETRY_MILLISECONDS = 10_000;

/** Options of a {@link RefreshedValue}. */
export interface RefreshedValueOptions<Value> {
  /** Reads the value. */
  readonly load: () => Promise<Value>;
  /** Called when the value can't be read again and the last one is used. */
  readonly onKept: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * A value that changes rarely and is kept elsewhere. It is read again every five minutes, and earlier if it is in doubt.
 * While it can't be read, the last value is used for up to an hour.
 */
export class RefreshedValue<Value> {
  readonly #options: RefreshedValueOptions<Value>;
  #latest: { readonly value: Value; readonly readAt: number } | undefined;
  #reading: Promise<Value> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  #refreshAt = Number.NEGATIVE_INFINITY;

  constructor(options: RefreshedValueOptions<Value>) {
    this.#options = options;
  }

  /** @throws the error of `load`, if there is no last value or it is too old */
  async read(): Promise<Value> {
    if (this.#latest && this.#options.now() < this.#refreshAt) return this.#latest.value;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Says that the value may have changed. */
  doubt(): void {
    this.#refreshAt = Math.min(this.#refreshAt, this.#triedAt + RETRY_MILLISECONDS);
  }

  async #read(): Promise<Value> {
    const { load, onKept, now } = this.#options;
    this.#triedAt = now();
    try {
      const value = await load();
      this.#latest = { value, readAt: this.#triedAt };
      this.#refreshAt = this.#triedAt + FRESH_MILLISECONDS;
      return value;
    } catch (error) {
      if (!this.#latest || now() >= this.#latest.readAt + KEPT_MILLISECONDS) throw error;
      this.#refreshAt = now() + RETRY_MILLISECONDS;
      onKept(error);
      return this.#latest.value;
    }
  }
}
