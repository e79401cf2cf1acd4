import type { Workload } from './workload.ts';

/** How a payload travels: in S3, with a message that refers to it, or in the message itself. */
export type PayloadWay = 'S3' | 'inline';

/** An S3 notification, and an outcome without its result, are about this long. */
export const ENVELOPE_BYTES = 1_000;

/** About how long the message of a request is. */
export function messageBytesOf({ payloadBytes }: Pick<Workload, 'payloadBytes'>, way: PayloadWay): number {
  return way === 'S3' ? ENVELOPE_BYTES : payloadBytes;
}
