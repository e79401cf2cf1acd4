import { EndpointCache as SdkCache } from '@aws-sdk/endpoint-cache';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EndpointCache } from '../../lib/lambda/endpoint-cache.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const key = fc.constantFrom('a', 'b', 'c', 'd');
const endpoints = fc.array(
  fc.record({ Address: fc.constantFrom('one', 'two'), CachePeriodInMinutes: fc.integer({ min: 0, max: 3 }) }),
  { maxLength: 2 },
);
const call = fc.oneof(
  fc.tuple(fc.constant('set' as const), key, endpoints),
  fc.tuple(fc.constantFrom('get' as const, 'has' as const, 'delete' as const), key),
  fc.tuple(fc.constant('clear' as const)),
  fc.tuple(fc.constant('wait' as const)),
);

test('does what the SDK’s cache does', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(call), (capacity, calls) => {
      const [own, sdk] = [new EndpointCache(capacity), new SdkCache(capacity)];
      for (const [name, ...args] of calls) {
        if (name === 'wait') vi.advanceTimersByTime(60_000);
        else expect(Reflect.apply(own[name], own, args)).toEqual(Reflect.apply(sdk[name], sdk, args));
      }
    }),
  );
});

test('chooses among the endpoints that hold', () => {
  const cache = new EndpointCache(1);
  expect(cache.getEndpoint('a')).toBeUndefined();
  cache.set('a', [
    { Address: 'short', CachePeriodInMinutes: 1 },
    { Address: 'long', CachePeriodInMinutes: 2 },
  ]);
  const chosen = Array.from({ length: 100 }, () => cache.getEndpoint('a'));
  expect(new Set(chosen)).toEqual(new Set(['short', 'long']));
  vi.advanceTimersByTime(60_000);
  expect(cache.getEndpoint('a')).toBe('long');
});
