/**
 * Longest time until a call that disables a source succeeds or fails, including the client's retries. The message
 * that enables it again must not arrive earlier: it would find the source enabled and be acknowledged without effect.
 */
export const LONGEST_CHANGE_SECONDS = 30;

/** The first and the longest wait before a message is retried. The wait doubles in between. */
export const FIRST_WAIT_SECONDS = 10;

export const LAST_WAIT_SECONDS = 600;
