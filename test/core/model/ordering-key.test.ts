import { expect, test } from 'vitest';
import { orderingGroup, orderingKeyProblem } from '../../../lib/core/model/ordering-key.ts';

test.each(['k', 'order 17', 'Größe/漢', 'x'.repeat(128)])('%j is an ordering key', (key) => {
  expect(orderingKeyProblem(key)).toBeUndefined();
});

test.each([
  ['', 'an ordering key has 1 to 128 characters, got 0'],
  ['x'.repeat(129), 'an ordering key has 1 to 128 characters, got 129'],
  ['a\nb', 'an ordering key has no control characters or unassigned code points'],
])('%j is none', (key, problem) => {
  expect(orderingKeyProblem(key)).toBe(problem);
});

test('groups differ by tenant and key, and fit a group of SQS', () => {
  const groups = [
    orderingGroup(undefined, undefined),
    orderingGroup('acme', undefined),
    orderingGroup('acme', 'k'),
    orderingGroup(undefined, 'k'),
    orderingGroup('漢'.repeat(256), 'k'),
  ];
  expect(new Set(groups).size).toBe(5);
  for (const group of groups) expect(group).toMatch(/^[0-9a-f]{32}$/);
});
