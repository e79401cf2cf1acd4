import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { serializeError } from '../core/base/serialize-error.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/**
 * The limit that is assumed for a queue whose limit can't be read: SQS's maximum until August 2025, which many queues
 * still have. Larger results are sent by reference.
 */
const ASSUMED_BYTES = 262_144;

/** Reads a queue's MaximumMessageSize, in bytes. Never rejects. */
export async function readMaxMessageBytes(client: SQSClient, url: string, logger: Logger): Promise<number> {
  try {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['MaximumMessageSize'] }),
    );
    return Number(Attributes.MaximumMessageSize ?? ASSUMED_BYTES);
  } catch (error) {
    logger.warn("The queue's MaximumMessageSize can't be read: grant sqs:GetQueueAttributes", {
      queueUrl: url,
      assumedBytes: ASSUMED_BYTES,
      error: serializeError(error),
    });
    return ASSUMED_BYTES;
  }
}
