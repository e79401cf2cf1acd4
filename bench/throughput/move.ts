/** A payload moved one way. */
export interface Move {
  readonly mebibytesPerSecond: number;
  /** Time on any CPU, which a busy machine lengthens less than it does the whole. */
  readonly cpuSeconds: number;
  /** The largest the process was (RSS), above what it was before. */
  readonly peakAboveBaselineMebibytes: number;
}

/** The payload. */
export const PAYLOAD_BYTES = 1024 ** 3;
