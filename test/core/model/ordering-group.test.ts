import { expect, test } from 'vitest';
import { orderingGroup } from '../../../lib/core/model/ordering-group.ts';

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
