import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { failure, outcomeOf } from '../../../lib/core/model/outcome.ts';
import { editedRetryIdOf, retryIdOf } from '../../../lib/core/operations/retry-id.ts';
import { START } from '../../support/test-clock.ts';

/** What a record says about a request that failed. */
function failed(id: string, tenant?: string) {
  const request = { id, source: '', tenant };
  return { request, outcome: outcomeOf(request, failure(new PermanentError('no'), 1), START) };
}

test('a failure has one id for its retries, which sorts by the time of its end', () => {
  const id = retryIdOf(failed('a'));
  expect(retryIdOf(failed('a'))).toBe(id);
  expect(id.slice(0, 15)).toBe(v7({ msecs: START }).slice(0, 15));
});

test('another request has another id, and so has the same after a redrive', () => {
  const others = [failed('b'), failed('a', 'acme'), { ...failed('a'), redrives: 1 }];
  expect(new Set([failed('a'), ...others].map(retryIdOf)).size).toBe(4);
});

test('many requests that failed at once have ids that differ by more than a few bits', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => retryIdOf(failed(`request ${index}`)));
  // Without the time, the version and the variant.
  const parts = ids.map((id) => id.replaceAll('-', '')).map((hex) => [hex.slice(13, 16), hex.slice(17)]);
  expect(new Set(parts.map(([middle]) => middle)).size).toBeGreaterThan(500);
  expect(new Set(parts.map(([, end]) => end)).size).toBe(1_000);
});

test('with another payload, each action has an id of its own', () => {
  const request = { id: 'a', source: '' };
  const idOf = (id: string) => editedRetryIdOf({ id, appliedAt: START }, request);
  expect(idOf('one')).toBe(idOf('one'));
  expect(idOf('one')).not.toBe(idOf('other'));
});
