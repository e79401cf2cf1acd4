import type { EngineSettings } from '../config/engine-settings.ts';
import { GIVING_UP_RECEIVES } from '../config/receive-budget.ts';
import type { ReceivedMessage } from '../model/received-message.ts';

/** What decides how often a message can go back. */
type DeferralSettings = Pick<EngineSettings, 'maxAttempts' | 'inputRetentionSeconds'>;

/**
 * How often a message can still go back without an attempt. Infinite unless its queue gives up after some number of
 * deliveries, which its attempts need too.
 */
export function deferralsLeft(
  { deliveryCount, source }: Pick<ReceivedMessage, 'deliveryCount' | 'source'>,
  { maxAttempts }: DeferralSettings,
): number {
  const { maxDeliveries } = source;
  if (maxDeliveries === undefined || deliveryCount === undefined) return Number.POSITIVE_INFINITY;
  // As many deliveries again may find the lease held by another attempt, or a record that can't be written.
  const ofAttempts = 2 * maxAttempts + GIVING_UP_RECEIVES;
  return maxDeliveries - Math.min(ofAttempts, Math.floor(maxDeliveries / 2)) - deliveryCount;
}

/**
 * The shortest delay of a message that goes back without an attempt, in seconds. Where its queue counts deliveries, the delay
 * grows with the age of the message, so that the deliveries last until the queue would delete it.
 * @param now milliseconds since 1970
 */
export function leastDeferralSeconds(
  message: Pick<ReceivedMessage, 'deliveryCount' | 'source' | 'sentAt'>,
  settings: DeferralSettings,
  now: number,
): number {
  const left = deferralsLeft(message, settings);
  if (!Number.isFinite(left)) return 0;
  const { deliveryCount = 1, sentAt } = message;
  const age = Math.max(1, (now - sentAt) / 1_000);
  const growth = Math.log(Math.max(age, settings.inputRetentionSeconds) / age) / Math.max(1, left);
  return Math.max(deliveryCount, age * Math.expm1(growth));
}
