/** How a backlog is expected to have changed since it was read, in requests. */
export interface BacklogChange {
  readonly mean: number;
  /** The standard deviation. */
  readonly spread: number;
}

/** A reading of a backlog. */
interface Reading {
  readonly requests: number;
  /** How many requests this instance had admitted by then. */
  readonly admitted: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Readings that are further apart say nothing about the present, in seconds. */
const LONGEST_SECONDS = 60;

/** The weight of the latest error, as a part of that of all. */
const ERROR_WEIGHT = 0.5;

/**
 * How a backlog changes besides by what this instance admits: by what other instances admit, and by what ends. It continues as between
 * the latest two readings, and is as uncertain as that was lately. After the first reading, it may grow or shrink as fast as the service
 * completes requests.
 */
export class BacklogTrend {
  #latest: Reading | undefined;
  #perSecond = 0;
  /** Undefined without two readings. */
  #squaredError: number | undefined;

  /** A reading that isn't finite counts as none. */
  note(reading: Reading): void {
    if (!Number.isFinite(reading.requests)) return;
    const before = this.#latest;
    this.#latest = reading;
    const seconds = before ? (reading.at - before.at) / 1_000 : 0;
    if (!before || seconds <= 0 || seconds > LONGEST_SECONDS) {
      this.#perSecond = 0;
      this.#squaredError = undefined;
      return;
    }
    const change = reading.requests - before.requests - (reading.admitted - before.admitted);
    const error = change / seconds - this.#perSecond;
    const known = this.#squaredError ?? error ** 2;
    this.#squaredError = known + ERROR_WEIGHT * (error ** 2 - known);
    this.#perSecond = change / seconds;
  }

  /**
   * @param now milliseconds since 1970
   * @param completionsPerSecond of the service
   */
  changeUntil(now: number, completionsPerSecond: number): BacklogChange {
    const seconds = this.#latest ? Math.max(0, now - this.#latest.at) / 1_000 : 0;
    const deviation = this.#squaredError === undefined ? completionsPerSecond : Math.sqrt(this.#squaredError);
    return { mean: this.#perSecond * seconds, spread: deviation * seconds };
  }
}
