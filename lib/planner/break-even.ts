import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { costOfMillion } from './cost.ts';
import type { Workload } from './workload.ts';

/** How fine the search is. */
const STEP_BYTES = 1_000;

/**
 * The largest payload up to which every payload is at least as cheap in the message as in S3. The price of a message
 * goes up by steps, so some payloads a little larger may be too. At most what a message takes.
 */
export function inlineIsCheaperUpToBytes(workload: Workload): number {
  for (let bytes = STEP_BYTES; bytes <= SQS_MAX_MESSAGE_BYTES; bytes += STEP_BYTES) {
    const at = { ...workload, payloadBytes: bytes };
    if (costOfMillion(at, 'inline').total > costOfMillion(at, 'S3').total) return bytes - STEP_BYTES;
  }
  return SQS_MAX_MESSAGE_BYTES;
}
