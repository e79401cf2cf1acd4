/** Longest mean time until a permit gets free for which a request waits in this process. */
export const MAX_SHORT_WAIT_MILLISECONDS = 1_000;
