/** Approximate numbers of messages in an input queue. */
export interface Backlog {
  readonly waiting: number;
  /** Being processed, or waiting for their next attempt. */
  readonly inFlight: number;
  /** Delayed, not to be delivered yet. */
  readonly delayed: number;
}

/** Measures the backlog. */
export interface BacklogGauge {
  read(): Promise<Backlog>;
}
