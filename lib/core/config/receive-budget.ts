import { LAMBDA_MAX_BATCH_WITHOUT_WINDOW } from './aws-limits.ts';

/**
 * Largest result that is stored in the request's record, in bytes. DynamoDB charges a write unit per KiB, and the
 * record holds base64: from about 6 KiB on, an object in S3 is cheaper.
 */
export const RECORDED_RESULT_BYTES = 4_096;

/** Receives reserved for publishing that a request used up its attempts, since that may fail as well. */
export const GIVING_UP_RECEIVES = 3;

/** Receives reserved for pauses, enough for four hours: a pause may cost a message one receive. */
const PAUSE_RECEIVES = 24;

/** Receives reserved for going on at a checkpoint in another invocation: 25 hours with invocations of 15 minutes. */
const SUSPENSION_RECEIVES = 100;

/**
 * The number of receives after which a service's input queue itself moves a message to the dead-letter queue. Its
 * attempts may be suspended by the end of an invocation.
 */
export function maxReceivesOf(maxAttempts: number): number {
  return neededReceivesOf(maxAttempts) + SUSPENSION_RECEIVES;
}

/**
 * The most that SQS allows. A message behind others of its group is received with them, and goes back untouched: it must not
 * be dead-lettered for that.
 */
const ORDERED_MAX_RECEIVES = 1_000;

/** The number of receives after which the input queue itself dead-letters a message. */
export function inputMaxReceives({
  maxAttempts,
  keepsOrder,
}: {
  readonly maxAttempts: number;
  readonly keepsOrder: boolean;
}): number {
  return keepsOrder ? ORDERED_MAX_RECEIVES : maxReceivesOf(maxAttempts);
}

/**
 * The number of receives that a queue with a limit of its own must leave for the attempts of a worker. There is room for as
 * many receives without an attempt as with one: while Lambda throttles, another attempt holds the lease, or the record
 * can't be written. In a queue that keeps order, the last message of a batch may be received as often as all before it.
 */
export function neededReceivesOf(maxAttempts: number, keepsOrder = false): number {
  const needed = 2 * maxAttempts + PAUSE_RECEIVES + GIVING_UP_RECEIVES;
  return keepsOrder ? Math.min(LAMBDA_MAX_BATCH_WITHOUT_WINDOW * needed, ORDERED_MAX_RECEIVES) : needed;
}

/**
 * Whether a receive is one of those reserved for publishing that a request used up its attempts.
 * @param maxReceives after how many the queue itself dead-letters a message
 */
export function isLastReceive(receives: number, maxReceives: number): boolean {
  return receives > maxReceives - GIVING_UP_RECEIVES;
}
