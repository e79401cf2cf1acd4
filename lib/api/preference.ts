/** Longest time an answer is held, in seconds: an HTTP API gives up after 30. */
export const MAX_WAIT_SECONDS = 20;

/**
 * How long the client prefers to wait, as RFC 7240 has it, in seconds: `wait=10`, at most what is possible. What makes
 * no sense is no preference.
 */
export function preferredWaitSeconds(prefer: string | undefined): number | undefined {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d+)"?\s*(?=$|[,;])/i.exec(prefer ?? '')?.[1];
  return wait === undefined ? undefined : Math.min(Number(wait), MAX_WAIT_SECONDS);
}
