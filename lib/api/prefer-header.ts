/** Longest wait for a request to end, in seconds. API Gateway's HTTP API times out after 30. */
export const MAX_WAIT_SECONDS = 20;

/**
 * The wait in seconds that a client prefers (RFC 7240): `wait=10`, capped at the longest possible wait. An invalid
 * preference counts as none.
 */
export function preferredWaitSeconds(prefer: string | undefined): number | undefined {
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d+)"?\s*(?=$|[,;])/i.exec(prefer ?? '')?.[1];
  return wait === undefined ? undefined : Math.min(Number(wait), MAX_WAIT_SECONDS);
}
