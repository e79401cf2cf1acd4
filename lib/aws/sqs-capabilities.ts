import { SQS_MAX_MESSAGE_BYTES, SQS_MAX_VISIBILITY_SECONDS } from '../core/config/aws-limits.ts';
import type { SourceCapabilities } from '../core/model/received-message.ts';

/**
 * SQS counts its 12 hours from the receive. A batch may take 5 minutes to fill and 15 to be processed: a wait set at the
 * end must leave room for them.
 */
const RECEIVED_EARLIER_SECONDS = 1_200;

/** What an SQS queue can do with the messages it delivers. */
export const SQS_CAPABILITIES: SourceCapabilities = {
  maxDelaySeconds: SQS_MAX_VISIBILITY_SECONDS - RECEIVED_EARLIER_SECONDS,
  ordered: false,
  countsDeliveries: true,
  maxBytes: SQS_MAX_MESSAGE_BYTES,
};
