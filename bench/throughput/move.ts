import { lengthOf } from '../support/length.ts';

/** A payload moved one way. */
export interface Move {
  readonly mebibytesPerSecond: number;
  /** CPU time, which depends less on other load than wall time. */
  readonly cpuSeconds: number;
  /** Peak RSS of the process, above its RSS before. */
  readonly peakAboveBaselineMebibytes: number;
}

/** The payload: a GiB. */
export const PAYLOAD_BYTES = lengthOf(1024 ** 3, 16 * 1024 ** 2);
