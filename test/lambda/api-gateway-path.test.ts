import { describe, expect, test } from 'vitest';
import { sentPath } from '../../lib/lambda/api-gateway-path.ts';

describe('the path of a call', () => {
  test.each([
    ['/v1/requests', '/v1/requests'],
    ['/v1/uploads/a/parts', '/v1/uploads/a/parts'],
    ['/v1/openapi.json', '/v1/openapi.json'],
    ['/v1/requests/p/result', '/v1/requests/p/result'],
    ['/v1/requests/orders/7', '/v1/requests/orders/7'],
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
});
