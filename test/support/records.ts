import fc from 'fast-check';
import { AttemptsExhausted } from '../../lib/core/engine/errors.ts';
import { failure, type Outcome } from '../../lib/core/model/outcome.ts';
import type { RecordEvent } from '../../lib/core/model/record-event.ts';
import { inlineOutcome, outcomeOf } from './outcomes.ts';

export const REQUEST = { id: 'r-1', source: '' };

/** A success whose result contains the number of its attempt. */
export function successOf(attempt: number): Outcome {
  return inlineOutcome(String(attempt));
}

/** The failure of a request that used up its attempts. */
export const FAILURE = outcomeOf(failure(new AttemptsExhausted(1, undefined, true), 1));

/** Events of request `r-1`, from current, past and impossible attempts, at times around `now`. */
export function recordEvents(now: number): fc.Arbitrary<RecordEvent> {
  const attempt = fc.integer({ min: 1, max: 4 });
  const leaseId = attempt.map((attempt) => `lease-${attempt}`);
  const times = fc.integer({ min: now - 5, max: now + 5 });
  const request = fc.record(
    { id: fc.constant('r-1'), source: fc.constant(''), notBefore: times, expiresAt: times },
    { requiredKeys: ['id', 'source'] },
  );
  const metadata = fc.option(fc.dictionary(fc.constantFrom('customer', 'order'), fc.constantFrom('a', 'b')), {
    nil: undefined,
  });
  return fc.oneof(
    fc.record({ type: fc.constant('submit' as const), request, metadata, uploaded: fc.boolean() }),
    fc.record({ type: fc.constantFrom('uploaded' as const, 'cancel' as const) }),
    fc.record({ type: fc.constant('claim' as const), request, metadata, leaseEndsAt: times, leaseId }),
    fc.record({
      type: fc.constant('progress' as const),
      leaseId,
      progress: fc.record({ fraction: fc.double({ min: 0, max: 1 }) }),
    }),
    fc.record({
      type: fc.constant('checkpoint' as const),
      leaseId,
      checkpoint: fc.record({
        number: fc.integer({ min: 1, max: 9 }),
        state: fc.record({ json: fc.json({ maxDepth: 1 }) }),
      }),
      suspend: fc.boolean(),
      metadata,
    }),
    fc.record({
      type: fc.constant('release' as const),
      leaseId,
      error: fc.constant({ name: 'Error', message: 'not now' }),
      metadata,
    }),
    fc.record({ type: fc.constant('complete' as const), leaseId, outcome: attempt.map(successOf), metadata }),
    fc.record({
      type: fc.constant('complete' as const),
      leaseId,
      outcome: fc.constant(FAILURE),
      attemptsExhausted: fc.constant({ error: undefined }),
    }),
  );
}
