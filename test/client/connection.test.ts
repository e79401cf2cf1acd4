import { expect, test } from 'vitest';
import { TimeLimit } from '../../lib/client/connection.ts';

const fired = (signal: AbortSignal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

test('a time limit aborts with an error that names it', async () => {
  const limit = new TimeLimit(5);
  expect(await fired(limit.signal)).toEqual(new Error('no answer within 5 ms'));
});

test('aborts with the reason of the other signal if that is first', async () => {
  const other = new AbortController();
  const limit = new TimeLimit(60_000, other.signal);
  const reason = fired(limit.signal);
  other.abort('enough');
  expect(await reason).toBe('enough');
  limit.end();
});

test('does not abort after its end', async () => {
  const ended = new TimeLimit(5);
  ended.end();
  await fired(new TimeLimit(30).signal);
  expect(ended.signal.aborted).toBe(false);
});
