import { expect, test } from 'vitest';
import { TimeLimit } from '../../lib/client/connection.ts';

const fired = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

test('a time limit fires when the time is over, and says so', async () => {
  const limit = new TimeLimit(5);
  expect(await fired(limit.signal)).toEqual(new Error('there was no answer within 5 ms'));
});

test('it fires with the reason of the other signal when that is first', async () => {
  const other = new AbortController();
  const limit = new TimeLimit(60_000, other.signal);
  const reason = fired(limit.signal);
  other.abort('enough');
  expect(await reason).toBe('enough');
  limit.end();
});

test('it does not fire once it has ended', async () => {
  const ended = new TimeLimit(5);
  ended.end();
  await fired(new TimeLimit(30).signal);
  expect(ended.signal.aborted).toBe(false);
});
