import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { costOfMillion } from './cost.ts';
import type { Workload } from './workload.ts';

/** The step of the search. */
const STEP_BYTES = 1_000;

/**
 * The largest size up to which every payload is at least as cheap in the message as in S3; at most the size of a
 * message. The price of a message rises in steps, so some slightly larger payloads may also be cheaper inline.
 */
export function inlineIsCheaperUpToBytes(workload: Workload): number {
  for (let bytes = STEP_BYTES; bytes <= SQS_MAX_MESSAGE_BYTES; bytes += STEP_BYTES) {
    const at = { ...workload, payloadBytes: bytes };
    if (costOfMillion(at, 'inline').total > costOfMillion(at, 'S3').total) return bytes - STEP_BYTES;
  }
  return SQS_MAX_MESSAGE_BYTES;
}
