import { SQS_MAX_MESSAGE_BYTES, SQS_MAX_VISIBILITY_SECONDS } from '../core/config/aws-limits.ts';
import type { SourceCapabilities } from '../core/model/received-message.ts';
import { isFifo } from './sqs-fifo.ts';

/**
 * SQS counts its 12 hours from the receive. A batch may take 5 minutes to fill and 15 to be processed: a wait set at the
 * end must leave room for them.
 */
const RECEIVED_EARLIER_SECONDS = 1_200;

/** The longest wait of a message that was received, in seconds. */
export const SQS_MAX_RETRY_SECONDS = SQS_MAX_VISIBILITY_SECONDS - RECEIVED_EARLIER_SECONDS;

/**
 * What an SQS queue can do with the messages it delivers.
 * @param maxDeliveries after how many deliveries it dead-letters a message by itself; undefined if it never does
 */
export function sqsCapabilities(url: string, maxDeliveries?: number): SourceCapabilities {
  return {
    maxDelaySeconds: SQS_MAX_RETRY_SECONDS,
    ordered: isFifo(url),
    holdsGroups: isFifo(url),
    countsDeliveries: true,
    maxBytes: SQS_MAX_MESSAGE_BYTES,
    ...(maxDeliveries !== undefined && { maxDeliveries }),
  };
}
