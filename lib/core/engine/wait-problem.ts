import type { EngineSettings } from '../config/engine-settings.ts';
import { isTooFar, MAX_DAYS_AHEAD } from '../model/not-before.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import { longestWaitSeconds, secondsUntil } from '../model/retry.ts';
import { isLastDelivery } from './job.ts';

/**
 * Why a message can't wait in its queue until its request may start; undefined if it can. A queue with a retention keeps it
 * for half of what is left, so that there is time for attempts.
 * @param notBefore, now milliseconds since 1970
 */
export function waitProblem(
  message: ReceivedMessage,
  notBefore: number,
  { inputRetentionSeconds }: Pick<EngineSettings, 'inputRetentionSeconds'>,
  now: number,
): string | undefined {
  if (isTooFar(notBefore, now)) return `a request can wait for ${MAX_DAYS_AHEAD} days at most`;
  if (message.source.ordered) return 'its queue keeps order, and those behind it would have to wait too';
  if (secondsUntil(notBefore, now) > longestWaitSeconds(message.sentAt, inputRetentionSeconds, now)) {
    return `its queue keeps a message for ${inputRetentionSeconds} seconds, of which half is for waiting`;
  }
  if (isLastDelivery(message)) return 'its queue is about to dead-letter the message';
  return undefined;
}
