/** How a backlog is expected to have changed since it was read, in requests. */
export interface BacklogChange {
  readonly mean: number;
  /** The standard deviation. */
  readonly spread: number;
}

/** A backlog at a time. */
interface BacklogSample {
  readonly requests: number;
  /** How many requests this instance had admitted by then. */
  readonly admitted: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Samples that are further apart say nothing about the present, in seconds. */
const LONGEST_SECONDS = 60;

/** The weight of the latest error, as a part of that of all. */
const ERROR_WEIGHT = 0.5;

/**
 * How a backlog changes apart from the requests that this instance admits: other instances admit requests, and requests end.
 * The trend between the latest two samples continues, with the uncertainty of recent predictions. After the first sample, the
 * backlog may grow or shrink as fast as the service completes requests.
 */
export class BacklogTrend {
  #latest: BacklogSample | undefined;
  #perSecond = 0;
  /** Undefined without two samples. */
  #squaredError: number | undefined;

  /** A sample that isn't finite counts as none. */
  note(sample: BacklogSample): void {
    if (!Number.isFinite(sample.requests)) return;
    const before = this.#latest;
    this.#latest = sample;
    const seconds = before ? (sample.at - before.at) / 1_000 : 0;
    if (!before || seconds <= 0 || seconds > LONGEST_SECONDS) {
      this.#perSecond = 0;
      this.#squaredError = undefined;
      return;
    }
    const change = sample.requests - before.requests - (sample.admitted - before.admitted);
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
