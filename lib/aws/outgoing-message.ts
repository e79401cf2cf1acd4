import { randomUUID } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';

/** A message to send to an SQS queue or an SNS topic. Both have attributes, groups and sizes of one form. */
export interface OutgoingMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>>;
  /** Message group. A standard queue is fair among groups, and a FIFO queue keeps the order of each. @default - none */
  readonly groupId?: string;
  /** A FIFO queue drops a message whose id came in its group within the last 5 minutes. @default - an id of its own */
  readonly deduplicationId?: string;
  /** Whole seconds until its delivery, up to 900, in an SQS queue. @default - the queue's own delay */
  readonly delaySeconds?: number;
}

/** The members of a call that place a message. */
interface MessagePlace {
  readonly MessageGroupId: string | undefined;
  readonly MessageDeduplicationId?: string;
}

/**
 * Places a message in its group. What keeps order takes no message without one: a message that has none gets a group of its
 * own, so that it delays no other.
 */
export function placeOf(
  { groupId, deduplicationId = randomUUID() }: OutgoingMessage,
  isFifo: boolean,
): MessagePlace {
  if (!isFifo) return { MessageGroupId: groupId };
  return { MessageGroupId: groupId ?? deduplicationId, MessageDeduplicationId: deduplicationId };
}

/** The size of a message in bytes. AWS counts the body, and the name, type and value of each attribute, in UTF-8. */
export function messageSize({ body, attributes = {} }: OutgoingMessage): number {
  let size = Buffer.byteLength(body);
  for (const [name, { DataType = '', StringValue = '', BinaryValue }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue);
    size += BinaryValue?.byteLength ?? 0;
  }
  return size;
}
