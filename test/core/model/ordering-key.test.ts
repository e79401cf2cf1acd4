import { expect, test } from 'vitest';
import { orderingKeyProblem } from '../../../lib/core/model/ordering-key.ts';

test.each(['k', 'order 17', '/a;b=c', 'x', 'x'.repeat(128)])('%j is an ordering key', (key) => {
  expect(orderingKeyProblem(key)).toBeUndefined();
});

test.each(['', 'x'.repeat(129), 'a\nb', ' a', 'a ', 'ü'])('%j is none', (key) => {
  expect(orderingKeyProblem(key)).toMatch(
    /^must have 1 to 128 printable ASCII characters without a space at either end, got \d+: /,
  );
});
