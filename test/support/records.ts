import fc from 'fast-check';
import { AttemptsExhausted } from '../../lib/core/engine/errors.ts';
import { failure, type Outcome } from '../../lib/core/model/outcome.ts';
import type { RecordEvent } from '../../lib/core/model/request-record.ts';
import { inlineOutcome, outcomeOf } from './outcomes.ts';

export const REQUEST = { id: 'r-1', source: '' };

/** The outcome of an attempt that succeeded, and says so. */
export function successOf(attempt: number): Outcome {
  return inlineOutcome(String(attempt));
}

/** How a request ended that used up its attempts. */
export const FAILURE = outcomeOf(failure(new AttemptsExhausted(1, undefined, true), 1));

/** Whatever may be said of request `r-1`, by attempts that are, were or never will be, at times about `now`. */
export function recordEvents(now: number): fc.Arbitrary<RecordEvent> {
  const attempt = fc.integer({ min: 1, max: 4 });
  const times = fc.integer({ min: now - 5, max: now + 5 });
  const request = fc.record(
    { id: fc.constant('r-1'), source: fc.constant(''), expiresAt: times },
    { requiredKeys: ['id', 'source'] },
  );
  return fc.oneof(
    fc.record({ type: fc.constant('submit' as const), request, uploaded: fc.boolean() }),
    fc.record({ type: fc.constantFrom('uploaded' as const, 'cancel' as const, 'expire' as const) }),
    fc.record({ type: fc.constant('claim' as const), request, leaseEndsAt: times, leaseId: fc.uuid() }),
    fc.record({
      type: fc.constant('progress' as const),
      attempt,
      progress: fc.record({ fraction: fc.double({ min: 0, max: 1 }) }),
    }),
    fc.record({
      type: fc.constant('release' as const),
      attempt,
      error: fc.constant({ name: 'Error', message: 'not now' }),
    }),
    attempt.map((attempt) => ({ type: 'complete' as const, attempt, outcome: successOf(attempt) })),
    fc.record({
      type: fc.constant('complete' as const),
      attempt,
      outcome: fc.constant(FAILURE),
      givenUp: fc.constant({ error: undefined }),
    }),
  );
}
