import { expect, test } from 'vitest';
import { orderingGroup, orderingKeyProblem } from '../../../lib/core/model/ordering-key.ts';

test.each(['k', 'order 17', '/a;b=c', 'x', 'x'.repeat(128)])('%j is an ordering key', (key) => {
  expect(orderingKeyProblem(key)).toBeUndefined();
});

test.each(['', 'x'.repeat(129), 'a\nb', ' a', 'a ', 'ü'])('%j is none', (key) => {
  expect(orderingKeyProblem(key)).toMatch(
    /^must have 1 to 128 printable ASCII characters without a space at either end, got \d+: /,
  );
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
