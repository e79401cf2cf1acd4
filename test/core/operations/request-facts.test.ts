import { expect, test } from 'vitest';
import type { ActionFilter } from '../../../lib/core/model/action.ts';
import type { Problem } from '../../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../../lib/core/model/request-record.ts';
import { factsOfLetter } from '../../../lib/core/operations/letter-rules.ts';
import { factsOf, matches } from '../../../lib/core/operations/request-facts.ts';
import { outcomeOf } from '../../support/outcomes.ts';

const PROBLEM: Problem = {
  type: 'about:blank',
  title: 'Attempts exhausted',
  code: 'attempts_exhausted',
  detail: 'All 1 attempts failed',
  attempts: 1,
};

/** Submitted at 10, and failed at 20. */
const FAILED: RequestRecord = {
  request: { id: 'r-1', source: '' },
  status: 'failed',
  attempts: 1,
  createdAt: 10,
  updatedAt: 20,
  attemptsExhausted: true,
  handlerVersion: '42',
  lastError: { name: 'Error', message: 'Down', code: 'EDOWN' },
  outcome: outcomeOf({ status: 'failed', problem: PROBLEM }, { endedAt: 20 }),
};

const FACTS = factsOf(FAILED, 30);

test.each<[ActionFilter, boolean]>([
  [{ createdSince: 10 }, true],
  [{ createdSince: 11 }, false],
  [{ createdUntil: 11 }, true],
  [{ createdUntil: 10 }, false],
  [{ createdSince: 10, createdUntil: 11, since: 20, until: 21 }, true],
  [{ createdSince: 10, since: 21 }, false],
  [{ code: 'EDOWN' }, true],
  [{ code: 'attempts_exhausted' }, true],
  [{ code: 'failed' }, false],
  [{ handlerVersion: '42' }, true],
  [{ handlerVersion: '43' }, false],
  [{ tenant: '' }, true],
  [{ tenant: 'acme' }, false],
])('a failed request matches %o: %s', (filter, does) => {
  expect(matches(FACTS, filter)).toBe(does);
});

test('an empty tenant matches no request of a tenant', () => {
  const owned = factsOf({ ...FAILED, request: { ...FAILED.request, tenant: 'acme' } }, 30);
  expect(matches(owned, { tenant: '' })).toBe(false);
  expect(matches(owned, { tenant: 'acme' })).toBe(true);
});

test('a dead letter without a record matches no time of submission, which is unknown', () => {
  const facts = factsOfLetter({ id: 'r-1', source: '', code: 'EDOWN', sentAt: 20 });
  expect(matches(facts, { code: 'EDOWN', since: 20 })).toBe(true);
  expect(matches(facts, { createdSince: 0 })).toBe(false);
  expect(matches(facts, { createdUntil: 30 })).toBe(false);
});
