import type { RejectedRequest } from '../model/decoded-request.ts';
import { failure, outcomeOf } from '../model/outcome.ts';
import type { QueueMessage } from '../model/received-message.ts';
import type { Clock } from '../ports/clock.ts';
import type { Attempt } from './attempt.ts';
import { deliveryCountOf } from './job.ts';

/** The part of an attempt that the engine uses. */
export type RejectedAttempt = Pick<
  Attempt,
  'run' | 'copyForConsumer' | 'handled' | 'countedAttempt' | 'hasCheckpoint' | 'retrySeconds'
>;

/** The attempt at a request that was rejected when it was decoded. It runs no handler and ends as a failure. */
export function rejectedAttempt(
  request: RejectedRequest,
  message: QueueMessage,
  clock: Clock,
): RejectedAttempt {
  return {
    handled: false,
    countedAttempt: undefined,
    hasCheckpoint: false,
    retrySeconds: undefined,
    run: async () => {
      const ending = failure(request.rejection, deliveryCountOf(message));
      return { outcome: outcomeOf(request, ending, clock.now()), deadLetter: 'no' };
    },
    copyForConsumer: async (outcome) => outcome,
  };
}
