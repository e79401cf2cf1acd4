/**
 * Largest result that is kept in a request's record, in bytes. DynamoDB charges a write for every KiB, and the record
 * holds base64: from about 6 KiB on an object in S3 costs less.
 */
export const RECORDED_RESULT_BYTES = 4_096;

/** Receives kept for saying that a request is given up: that, too, may fail. */
export const GIVING_UP_RECEIVES = 3;

/** Receives kept for pauses, each of which may cost a message one: enough for four hours of them. */
const PAUSE_RECEIVES = 24;

/**
 * After how many receives SQS itself moves a message to the dead-letter queue. Receives without an attempt (while Lambda
 * throttles, while another attempt is at the request, while its record can't be written) have room for as many again.
 */
export function maxReceivesOf(maxAttempts: number): number {
  return 2 * maxAttempts + PAUSE_RECEIVES + GIVING_UP_RECEIVES;
}

/** Whether a receive is one of those kept for saying that a request is given up: it is used for nothing else. */
export function isLastReceive(receives: number, maxAttempts: number): boolean {
  return receives > maxReceivesOf(maxAttempts) - GIVING_UP_RECEIVES;
}
