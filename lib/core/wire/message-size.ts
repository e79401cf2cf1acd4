import type { OutputMessage } from '../ports/message-sink.ts';

/**
 * The size of a message with its attributes, as SQS counts it, in bytes.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export function messageSize({ body, attributes }: Pick<OutputMessage, 'body' | 'attributes'>): number {
  let size = Buffer.byteLength(body);
  for (const [name, { type, value }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(type) + Buffer.byteLength(value);
  }
  return size;
}
