import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '../../lib/cli/token-bucket.ts';

/** A clock whose sleepers wake a little late. */
class Clock {
  time = 0;
  now = () => this.time;
  sleep = async (milliseconds: number, signal: AbortSignal) => {
    signal.throwIfAborted();
    this.time += milliseconds + 0.25;
  };
}

const NEVER = new AbortController().signal;

test('keeps to the rate, without waiting longer than necessary', async () => {
  const rates = fc.double({ min: 0.01, max: 1_000, noNaN: true });
  const counts = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(rates, counts, async (rate, counts) => {
      const clock = new Clock();
      const bucket = new TokenBucket(rate, 10, clock);
      let taken = 0;
      for (const count of counts) {
        await bucket.take(count, NEVER);
        taken += count;
        const least = ((taken - 10) / rate) * 1_000;
        expect(clock.time).toBeGreaterThanOrEqual(least - 1e-6 * Math.abs(least));
        expect(clock.time).toBeLessThanOrEqual(Math.max(0, least) + 2 * counts.length);
      }
    }),
  );
});

test('an idle bucket fills up to its capacity', async () => {
  const clock = new Clock();
  const bucket = new TokenBucket(5, 10, clock);
  await bucket.take(10, NEVER);
  clock.time += 3_600_000;
  await bucket.take(10, NEVER);
  const before = clock.time;
  await bucket.take(5, NEVER);
  expect(clock.time - before).toBeGreaterThanOrEqual(1_000);
});

test('a signal ends the wait', async () => {
  const bucket = new TokenBucket(0.001, 1);
  const controller = new AbortController();
  await bucket.take(1, controller.signal);
  const waiting = bucket.take(1, controller.signal);
  controller.abort();
  await expect(waiting).rejects.toThrow();
});
