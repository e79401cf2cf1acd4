import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sentPath } from '../../functions/api/gateway-path.ts';

/** What an HTTP API makes of a path: all is decoded but `%25`. */
function rawPathOf(path: string): string {
  return decodeURIComponent(path.replaceAll('%25', '%2525'));
}

describe('the path of a call', () => {
  test.each([
    ['/v1/requests', '/v1/requests'],
    ['/v1/uploads/a/parts', '/v1/uploads/a/parts'],
    ['/v1/openapi.json', '/v1/openapi.json'],
    ['/v1/requests/orders/7', '/v1/requests/orders%2F7'],
    ['/v1/requests/orders/7/result', '/v1/requests/orders%2F7/result'],
    ['/v1/requests/a#b/cancel', '/v1/requests/a%23b/cancel'],
    ['/v1/requests/50%25', '/v1/requests/50%25'],
    ['/v1/requests/%2523', '/v1/requests/%2523'],
    ['/v1/requests/ü /result', '/v1/requests/%C3%BC%20/result'],
    ['/v1/requests/line\nbreak', '/v1/requests/line%0Abreak'],
    ['/v1/requests/\ud800', '/v1/requests/%EF%BF%BD'],
    ['/v1/uploads/a#b', '/v1/uploads/a%23b'],
  ])('%j was %s', (rawPath, path) => {
    expect(sentPath(rawPath)).toBe(path);
  });

  test('leads to the request of any id', () => {
    const ids = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((id) => !/\/(?:result|cancel)$|[?]/.test(id));
    fc.assert(
      fc.property(ids, fc.constantFrom('', '/result', '/cancel', '/webhook'), (id, rest) => {
        const path = `/v1/requests/${encodeURIComponent(id)}${rest}`;
        const [, , , sent = ''] = sentPath(rawPathOf(path)).split('/');
        expect(decodeURIComponent(sent)).toBe(id);
        expect(sentPath(rawPathOf(path)).endsWith(rest)).toBe(true);
      }),
    );
  });
});
