import { expect, test } from 'vitest';
import { verdictOf } from '../../../lib/core/webhooks/verdict.ts';
import { START } from '../../support/test-clock.ts';

test.each([200, 201, 202, 204, 299])('%i: delivered', (status) => {
  expect(verdictOf({ status }, START)).toEqual({ status: 'delivered' });
});

test('410: disabled', () => {
  expect(verdictOf({ status: 410 }, START)).toEqual({ status: 'disabled' });
});

test.each([0, 101, 199, 400, 401, 404, 429, 500, 503, 599])('%i: failed', (status) => {
  const reason = `the receiver answered ${status}`;
  expect(verdictOf({ status }, START)).toEqual({ status: 'failed', reason, askedSeconds: 0 });
});

test.each([300, 301, 302, 303, 307, 308])('%i: failed, with what to do', (status) => {
  const reason = `the receiver answered ${status}, and redirects aren't followed: name the final URL`;
  expect(verdictOf({ status }, START)).toEqual({ status: 'failed', reason, askedSeconds: 0 });
});

test.each([
  [429, '120', 120],
  [503, '120', 120],
  [503, '0', 0],
  [503, 'Sat, 31 Jan 2026 12:02:00 GMT', 120],
  [503, 'Sat, 31 Jan 2026 11:00:00 GMT', 0],
  [503, '-5', 0],
  [503, '1e9', 0],
  [503, '9999999999999999', 0],
  [503, 'soon', 0],
  [503, '2026', 2_026],
  [503, '', 0],
  [500, '120', 0],
  [301, '120', 0],
])('%i with Retry-After %j asks for %i s', (status, retryAfter, askedSeconds) => {
  expect(verdictOf({ status, retryAfter }, START)).toMatchObject({ status: 'failed', askedSeconds });
});
