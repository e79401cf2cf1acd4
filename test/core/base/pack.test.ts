import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pack } from '../../../lib/core/base/pack.ts';

const LIMITS = { maxMessages: 10, maxBytes: 1_000 };
const sizes = fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 60 });

function messagesOf(sizes: readonly number[]) {
  return sizes.map((size, id) => ({ id, size }));
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

/** How many calls it takes to fill one after the other, the largest message first. */
function nextFitCalls(sizes: readonly number[]): number {
  const calls: number[][] = [];
  for (const size of sizes.toSorted((a, b) => b - a)) {
    const last = calls.at(-1);
    if (last && last.length < LIMITS.maxMessages && sum(last) + size <= LIMITS.maxBytes) last.push(size);
    else calls.push([size]);
  }
  return calls.length;
}

test('every call fits, and every message is in one', () => {
  fc.assert(
    fc.property(sizes, (sizes) => {
      const calls = pack(messagesOf(sizes), LIMITS);
      for (const call of calls) {
        expect(call.length).toBeGreaterThan(0);
        expect(call.length).toBeLessThanOrEqual(LIMITS.maxMessages);
        expect(sum(call.map(({ size }) => size))).toBeLessThanOrEqual(LIMITS.maxBytes);
      }
      expect(calls.flat().toSorted((a, b) => a.id - b.id)).toEqual(messagesOf(sizes));
    }),
  );
});

test('there are no more calls than filling one after the other takes', () => {
  fc.assert(
    fc.property(sizes, (sizes) => {
      expect(pack(messagesOf(sizes), LIMITS).length).toBeLessThanOrEqual(nextFitCalls(sizes));
    }),
  );
});

test('messages of one size are in the fewest calls', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.nat({ max: 60 }), (size, count) => {
      const perCall = Math.min(LIMITS.maxMessages, Math.floor(LIMITS.maxBytes / size));
      const calls = pack(messagesOf(Array.from({ length: count }, () => size)), LIMITS);
      expect(calls).toHaveLength(Math.ceil(count / perCall));
    }),
  );
});

test('large messages are filled up with small ones', () => {
  const calls = pack(messagesOf([100, 900, 200, 800, 300, 700]), LIMITS);
  expect(calls.map((call) => call.map(({ size }) => size))).toEqual([
    [900, 100],
    [800, 200],
    [700, 300],
  ]);
});

test('a message larger than a call has one to itself', () => {
  const calls = pack(messagesOf([5_000, 1]), LIMITS);
  expect(calls.map((call) => call.map(({ size }) => size))).toEqual([[5_000], [1]]);
});
