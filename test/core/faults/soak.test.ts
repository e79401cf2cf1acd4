import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemorySoak, SOAK_REQUESTS } from '../../support/memory-soak.ts';
import { START } from '../../support/test-clock.ts';

// Timers and the clock are virtual: a batch may be killed, hang or overlap with another, and hours take seconds.
beforeEach(() => {
  const toFake = ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;
  vi.useFakeTimers({ now: START, toFake: [...toFake] });
});
afterEach(() => void vi.useRealTimers());

test.each([1, 2, 3])('whatever fails when, nothing accepted is lost (seed %i)', async (seed) => {
  const soak = new MemorySoak(seed);
  await soak.run();
  expect(soak.violations()).toEqual([]);
  expect(soak.forgotten).toEqual([]);
  // It was no walk in the park.
  expect(soak.tally()).toEqual({
    succeeded: expect.any(Number),
    failed: expect.any(Number),
    expired: expect.any(Number),
    attemptsExhausted: expect.toSatisfy((count: number) => count > 5),
    redriven: expect.toSatisfy((count: number) => count > 10),
    killed: expect.toSatisfy((count: number) => count > 10),
    suspended: expect.toSatisfy((count: number) => count > 10),
    runs: expect.toSatisfy((count: number) => count > 1.2 * SOAK_REQUESTS),
    publishedAgain: expect.toSatisfy((count: number) => count > 10),
  });
});
