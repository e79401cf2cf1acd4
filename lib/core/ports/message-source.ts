/** Requests that are in an input queue; about, as far as it knows. */
export interface Backlog {
  readonly waiting: number;
  /** Being processed, or waiting for their next attempt. */
  readonly inFlight: number;
  /** Not to be delivered yet. */
  readonly delayed: number;
}

/** Tells how much there is to do. */
export interface BacklogGauge {
  read(): Promise<Backlog>;
}
