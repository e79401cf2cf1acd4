/** How long a submit took, in microseconds. */
export interface SubmitTimes {
  /** From API Gateway's event to the response. */
  readonly all: Quantiles;
  /** Inside the SDK's clients. */
  readonly sdk: Quantiles;
  /** Everything else. */
  readonly own: Quantiles;
}

/** Of many. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}
