import { isEarly, notBeforeProblem, type RequestTimes } from '../model/not-before.ts';
import { secondsUntil } from '../model/retry.ts';
import type { SubmissionQueue } from '../ports/message-sink.ts';
import { RequestRefused } from './errors.ts';

/**
 * Rejects a request that can't wait until it may start.
 * @param now milliseconds since 1970
 * @throws RequestRefused
 */
export function assertSchedulable(
  times: RequestTimes,
  { maxDelaySeconds }: Pick<SubmissionQueue, 'maxDelaySeconds'>,
  now: number,
): void {
  const problem = notBeforeProblem(times, now);
  if (problem !== undefined) throw new RequestRefused('not_before_invalid', `notBefore ${problem}`);
  const { notBefore = 0 } = times;
  if (!isEarly(times, now) || secondsUntil(notBefore, now) <= maxDelaySeconds) return;
  throw new RequestRefused(
    'not_before_unsupported',
    maxDelaySeconds === 0
      ? "notBefore can't be used in a service that keeps order: leave it out"
      : `notBefore must be at most ${maxDelaySeconds} seconds ahead, got ${new Date(notBefore).toISOString()}: ` +
          'submit the request later, or see docs/schedules.md for longer waits',
  );
}
