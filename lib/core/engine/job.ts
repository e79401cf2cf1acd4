import type { Turn } from '../base/semaphore.ts';
import { isLastReceive } from '../config/receive-budget.ts';
import type { Decoded } from '../model/decoded-request.ts';
import { payloadDigest } from '../model/pinned-payload.ts';
import { type Priority, urgencyOf } from '../model/priority.ts';
import type { QueueMessage, ReceivedMessage } from '../model/received-message.ts';
import { identityDigest } from '../model/request-id.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import { isOffloaded } from './offloaded.ts';

/** A request to run, with its message. */
export interface Job {
  readonly decoded: Decoded;
  readonly message: ReceivedMessage;
}

/**
 * Identifies jobs that share a run: those with the same request and the same payload. A message with another payload runs
 * separately, since the request's record decides about it. A message that can't be decoded has its own key: the id that
 * it claims must not affect another message. A message that an extended client stored also has its own key, since its
 * requests are known only after it is read. That key differs from the key of a rejected request inside the message, which
 * would otherwise wait for itself.
 */
export function jobKey({ decoded, message }: Job): string {
  if (isOffloaded(decoded)) return identityDigest(`offloaded ${message.id}`, decoded);
  if ('rejection' in decoded) return identityDigest(message.id, decoded);
  return `${identityDigest('', decoded)} ${payloadDigest(decoded)}`;
}

/** When a request was submitted, in milliseconds since 1970; if the envelope doesn't say, when its message was sent. */
export function submittedAt({ decoded, message }: Job): number {
  return ('rejection' in decoded ? undefined : decoded.submittedAt) ?? message.sentAt;
}

/** More than the deliveries of any message. */
const URGENCY_STEP = 1_000_000;

/**
 * The place of a job among those that wait for a slot: the most urgent priority first, then those that were delivered most
 * often, and among these the tenants in turns.
 */
export function turnOf(job: Job): Turn {
  return {
    urgency: urgencyOf(priorityOf(job)) * URGENCY_STEP + deliveryCountOf(job.message),
    owner: job.decoded.tenant,
  };
}

/** The priority of a job, if its request or its queue has one. */
export function priorityOf({ decoded, message }: Job): Priority | undefined {
  return 'rejection' in decoded ? message.lane : decoded.priority;
}

/** The number of this delivery, from 1, if the queue counts. */
export function deliveryCountOf({ deliveryCount = 1 }: QueueMessage): number {
  return deliveryCount;
}

/** Whether the queue itself is about to move the message to the dead-letter queue. */
export function isLastDelivery({ deliveryCount, source }: ReceivedMessage): boolean {
  const { maxDeliveries } = source;
  if (maxDeliveries === undefined || deliveryCount === undefined) return false;
  return isLastReceive(deliveryCount, maxDeliveries);
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
