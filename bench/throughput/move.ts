import { lengthOf } from '../support/length.ts';

/** A payload moved one way. */
export interface Move {
  readonly mebibytesPerSecond: number;
  /** Time on any CPU, which a busy machine lengthens less than it does the whole. */
  readonly cpuSeconds: number;
  /** The largest the process was (RSS), above what it was before. */
  readonly peakAboveBaselineMebibytes: number;
}

/** The payload: a GiB. */
export const PAYLOAD_BYTES = lengthOf(1024 ** 3, 16 * 1024 ** 2);
