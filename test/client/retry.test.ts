import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apiErrorOf, ConnectionFailed, TransferRefused } from '../../lib/client/errors.ts';
import { DEFAULT_RETRY, isSafeToRepeat, isTransient, REAL_TIMING, Retrier } from '../../lib/client/retry.ts';
import { FastTiming } from '../support/scripted-api.ts';
import { START } from '../support/test-clock.ts';

const FAILED = new ConnectionFailed('GET /', new Error('reset'));

function apiError(status: number, code = 'c', retryAfter?: number) {
  return apiErrorOf(new Response(null, { status }), JSON.stringify({ code, title: code }), retryAfter);
}

/** Runs work that fails with an error. */
async function failing(error: unknown, timing: FastTiming, policy = DEFAULT_RETRY) {
  let tries = 0;
  const ended = new Retrier(policy, timing).run(async () => {
    tries++;
    throw error;
  });
  await expect(ended).rejects.toBe(error);
  return tries;
}

test('tries a transient failure six times, and doubles the bound of every wait', async () => {
  const timing = new FastTiming();
  timing.randomValue = 0.5;
  expect(await failing(FAILED, timing)).toBe(6);
  expect(timing.sleeps).toEqual([100, 200, 400, 800, 1_600]);
});

test('tries a permanent failure once', async () => {
  const timing = new FastTiming();
  expect(await failing(apiError(422), timing)).toBe(1);
  expect(await failing(new TypeError('x'), timing)).toBe(1);
  expect(timing.sleeps).toEqual([]);
});

test('spreads waits evenly up to the cap', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (luck) => {
      const timing = new FastTiming();
      timing.randomValue = luck;
      await failing(FAILED, timing, { ...DEFAULT_RETRY, attempts: 20, totalMilliseconds: 1e9 });
      const bounds = Array.from({ length: 19 }, (_, index) => Math.min(20_000, 200 * 2 ** index));
      timing.sleeps.forEach((slept, index) => {
        expect(slept).toBeCloseTo(luck * (bounds[index] ?? 0));
      });
    }),
  );
});

test('adds jitter to the wait that the API asks for', async () => {
  const timing = new FastTiming();
  timing.randomValue = 0.5;
  await failing(apiError(503, 'overloaded', 7), timing);
  expect(timing.sleeps.slice(0, 2)).toEqual([7_100, 7_200]);
});

test('does not start a wait beyond the total limit', async () => {
  const timing = new FastTiming();
  timing.randomValue = 0;
  expect(await failing(apiError(503, 'overloaded', 50), timing)).toBe(3);
  expect(timing.time - START).toBe(100_000);
  expect(await failing(apiError(503, 'overloaded', 121), timing)).toBe(1);
});

test('each failed try that is followed by another is reported, with the wait', async () => {
  const seen: [unknown, number][] = [];
  const timing = new FastTiming();
  timing.randomValue = 0;
  const errors = [apiError(429, 'too_many_waiting', 7), FAILED];
  const run = new Retrier(DEFAULT_RETRY, timing, (...failed) => seen.push(failed)).run(async (attempt) => {
    const error = errors[attempt - 1];
    if (error) throw error;
    return attempt;
  });
  expect(await run).toBe(3);
  expect(seen).toEqual([
    [errors[0], 7_000],
    [FAILED, 0],
  ]);
});

test('a signal ends the tries with its reason', async () => {
  const reason = new Error('enough');
  const ends = new AbortController();
  let tries = 0;
  const run = new Retrier(DEFAULT_RETRY, new FastTiming()).run(async () => {
    if (++tries === 2) ends.abort(reason);
    throw FAILED;
  }, ends.signal);
  await expect(run).rejects.toBe(reason);
  expect(tries).toBe(2);
});

test('an aborted signal prevents the first try', async () => {
  let tries = 0;
  const run = new Retrier(DEFAULT_RETRY, new FastTiming()).run(async () => tries++, AbortSignal.abort('no'));
  await expect(run).rejects.toBe('no');
  expect(tries).toBe(0);
});

test('a signal ends a sleep, which removes its listener', async () => {
  const ends = new AbortController();
  const slept = REAL_TIMING.sleep(60_000, ends.signal);
  ends.abort('enough');
  await expect(slept).rejects.toBe('enough');
  await expect(REAL_TIMING.sleep(60_000, ends.signal)).rejects.toBe('enough');
  await REAL_TIMING.sleep(1);
});

describe('transient:', () => {
  test.each([429, 500, 502, 503, 504])('a %i', (status) => expect(isTransient(apiError(status))).toBe(true));
  test.each([400, 401, 403, 404, 409, 413, 415, 422])('not %i', (status) =>
    expect(isTransient(apiError(status))).toBe(false),
  );
  test('a busy idempotency key', () => expect(isTransient(apiError(409, 'idempotency_key_busy'))).toBe(true));
  test('a failure of the store, or a slow body', () => {
    expect(isTransient(new TransferRefused('PUT /', 503))).toBe(true);
    expect(isTransient(new TransferRefused('PUT /', 400, 'RequestTimeout'))).toBe(true);
    expect(isTransient(new TransferRefused('PUT /', 400, 'EntityTooLarge'))).toBe(false);
    expect(isTransient(new TransferRefused('PUT /', 403))).toBe(false);
  });
  test('for calls that are not idempotent, only a rejection or no answer', () => {
    expect([429, 500, 502, 503, 504].filter((status) => isSafeToRepeat(apiError(status)))).toEqual([
      429, 503,
    ]);
    expect(isSafeToRepeat(FAILED)).toBe(true);
  });
});
