import { isLastReceive } from '../config/receive-budget.ts';
import type { Decoded } from '../model/decoded-request.ts';
import { payloadDigest } from '../model/pinned-payload.ts';
import type { QueueMessage, ReceivedMessage } from '../model/received-message.ts';
import { identityDigest } from '../model/request-id.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import { isOffloaded } from './offloaded.ts';

/** One request to run, with its message. */
export interface Job {
  readonly decoded: Decoded;
  readonly message: ReceivedMessage;
}

/**
 * What two jobs have in common that are the same work: the request and its payload. Of another payload the request's record
 * knows what to do with it. A message that can't be decoded stands for itself: whatever id it claims, it must not decide
 * about another one. So does one that an extended client stored: its requests are known only when it is read. Its key
 * differs from the key of a rejected request found in it, which would otherwise wait for itself.
 */
export function jobKey({ decoded, message }: Job): string {
  if (isOffloaded(decoded)) return identityDigest(`offloaded ${message.id}`, decoded);
  if ('rejection' in decoded) return identityDigest(message.id, decoded);
  return `${identityDigest('', decoded)} ${payloadDigest(decoded)}`;
}

/** When a request was submitted, in milliseconds since 1970; if the envelope doesn't say, when its message was sent. */
export function handedInAt({ decoded, message }: Job): number {
  const submittedAt = 'rejection' in decoded ? undefined : decoded.submittedAt;
  return submittedAt ?? message.sentAt;
}

/** The number of this delivery, from 1, if the queue counts. */
export function deliveryCountOf({ deliveryCount = 1 }: QueueMessage): number {
  return deliveryCount;
}

/** Whether the queue itself is about to move the message to the dead-letter queue. */
export function isLastDelivery({ deliveryCount }: QueueMessage, maxAttempts: number): boolean {
  return deliveryCount !== undefined && isLastReceive(deliveryCount, maxAttempts);
}

/**
 * Whether a message is the dead letter of a later redrive than another message of its request. It runs separately: the
 * earlier one changes nothing, and must not cause the later one to be acknowledged.
 */
export function isLaterRedrive(one: QueueMessage, other: QueueMessage): boolean {
  return redriveOf(one) > redriveOf(other);
}

/** The number of the redrive; -1 for a message that isn't marked as a dead letter. */
function redriveOf({ attributes }: QueueMessage): number {
  return Number(attributes[ATTRIBUTES.deadLetterRedrives] ?? -1);
}
