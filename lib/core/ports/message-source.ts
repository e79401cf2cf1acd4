/** What a queue can do with the messages it delivers. */
export interface SourceCapabilities {
  /** Longest wait of `retryAfter`, in seconds. */
  readonly maxDelaySeconds: number;
  /** Whether messages of a group come in the order they were sent. */
  readonly ordered: boolean;
  /** Whether messages say how often they were delivered. */
  readonly countsDeliveries: boolean;
  /** Largest message, in bytes. */
  readonly maxBytes: number;
}

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
