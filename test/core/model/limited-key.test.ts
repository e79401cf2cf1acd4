import { expect, test } from 'vitest';
import type { Limit } from '../../../lib/core/config/limits.ts';
import { limitedKeysOf, limitName } from '../../../lib/core/model/limited-key.ts';

const LIMITS: Limit[] = [
  { key: 'tenant', rate: '10/s', weight: 'metadata.tokens' },
  { key: 'topic', concurrency: 1 },
  { key: 'metadata.model', concurrency: 2 },
  { key: 'all', concurrency: 100 },
];

test('a request has a key for each limit that it has the value of', () => {
  const request = { tenant: 'acme', topic: 'images', metadata: { model: 'large', tokens: '250' } };
  expect(
    limitedKeysOf(request, LIMITS).map(({ limit, value, weight }) => [limitName(limit.key, value), weight]),
  ).toEqual([
    ['tenant=acme', 250],
    ['topic=images', 1],
    ['metadata.model=large', 1],
    ['all=', 1],
  ]);
});

test('a limit applies to no request without its key', () => {
  expect(limitedKeysOf({}, LIMITS).map(({ limit }) => limit.key)).toEqual(['all']);
});

test.each(['', 'many', '0', '-5', 'NaN', 'Infinity'])('a weight of %j counts as 1', (tokens) => {
  const [key] = limitedKeysOf({ tenant: 'acme', metadata: { tokens } }, LIMITS);
  expect(key?.weight).toBe(1);
});

test('a name that every object has is no metadata', () => {
  expect(limitedKeysOf({}, [{ key: 'metadata.constructor' }])).toEqual([]);
});
