/**
 * Longest time from sending the message that ends a pause until the event source is disabled, or the call has failed,
 * including the client's retries. The message must not arrive earlier: it would find the source enabled and be acknowledged
 * without effect.
 */
export const LONGEST_CHANGE_SECONDS = 30;

/** The part of that time before the call that disables the source: the call and its retries take up to 25 seconds. */
const LONGEST_PREPARATION_SECONDS = 5;

/** The first and the longest wait before a message is retried. The wait doubles in between. */
export const FIRST_WAIT_SECONDS = 10;

export const LAST_WAIT_SECONDS = 600;

/** @param begunAt before the message was sent that ends the pause @throws if it is too late to disable a source now */
export function assertPrompt(begunAt: number, now: number): void {
  const seconds = (now - begunAt) / 1_000;
  if (seconds <= LONGEST_PREPARATION_SECONDS) return;
  throw new Error(
    `It took ${seconds} seconds until the event source could be disabled, the longest time is ${LONGEST_PREPARATION_SECONDS}`,
  );
}

/** Seconds until the last of these pauses is over; 0 if none lasts. @param ends in milliseconds since 1970 */
export function secondsLeftOf(ends: Iterable<number>, now: number): number {
  return Math.ceil((Math.max(now, ...ends) - now) / 1_000);
}
