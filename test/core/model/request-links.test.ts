import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linksOf, requestPath } from '../../../lib/core/model/request-links.ts';
import { sentPath } from '../../../lib/lambda/api-gateway-path.ts';

/** Ids as senders choose them, with a bent for what a path could take for something else. */
const ids = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('p', '/', 'result', 'cancel', 'webhook', '..', '.', '~', '?', '%2F', '#'), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => parts.join('')),
);
const rests = fc.constantFrom('', '/result', '/cancel', '/webhook');

test('B15: requests of different ids, and what is below them, never share a path', () => {
  fc.assert(
    fc.property(ids, rests, ids, rests, (id, rest, otherId, otherRest) => {
      const isSame = id === otherId && rest === otherRest;
      expect(requestPath(id, rest) === requestPath(otherId, otherRest)).toBe(isSame);
    }),
  );
});

test('B15: a path comes through API Gateway, which decodes it, as it is', () => {
  fc.assert(
    fc.property(ids, rests, (id, rest) => {
      const path = requestPath(id, rest);
      expect(sentPath(decodeURIComponent(path))).toBe(path);
    }),
  );
});

test('the links of a request name its source', () => {
  expect(linksOf('a/b', 'https://example.com/?x')).toEqual({
    self: '/v1/requests/~YS9i?source=https%3A%2F%2Fexample.com%2F%3Fx',
    result: '/v1/requests/~YS9i/result?source=https%3A%2F%2Fexample.com%2F%3Fx',
    cancel: '/v1/requests/~YS9i/cancel?source=https%3A%2F%2Fexample.com%2F%3Fx',
  });
});
