/** Waits before each attempt at a delivery, in seconds: 10 attempts within about 75 hours. */
const WAITS_SECONDS = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/**
 * How long an endpoint may fail until it is disabled, in seconds: three days, which the attempts at a delivery take.
 */
export const ENDPOINT_FAILING_SECONDS = 259_200;

/** Longest wait before an attempt, even if the receiver asks for more: a day. */
export const WEBHOOK_MAX_WAIT_SECONDS = 86_400;

/** Share of a wait that is added at most as jitter, so that deliveries that failed together aren't retried together. */
const JITTER = 0.2;

/**
 * Whole seconds to wait after a failed attempt; undefined if there are no more attempts.
 * @param attempt from 1
 * @param askedSeconds the least wait that the receiver asked for
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function webhookWaitSeconds(
  attempt: number,
  askedSeconds: number,
  random: number,
): number | undefined {
  const planned = WAITS_SECONDS[attempt];
  if (planned === undefined) return undefined;
  const wait = Math.max(planned, askedSeconds) * (1 + JITTER * random);
  return Math.min(Math.ceil(wait), WEBHOOK_MAX_WAIT_SECONDS);
}
