import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallRefused } from '../../lib/core/base/errors.ts';
import { CALL_PARTS } from '../../lib/core/model/http-call.ts';
import { requestedCall } from '../../lib/http/requested-call.ts';

const BASE = new URL('http://me:secret@service:8000/v1/process?model=a');

test('without permission, a message changes nothing', () => {
  const http = { method: 'DELETE', path: '/v1/other', headers: { a: 'b' } };
  expect(requestedCall(BASE, http, [])).toEqual({ url: BASE, method: 'POST', headers: {} });
});

test('a message without wishes changes nothing', () => {
  expect(requestedCall(BASE, undefined, CALL_PARTS)).toEqual({ url: BASE, method: 'POST', headers: {} });
});

describe('a path', () => {
  test.each([
    ['/v1/other', '/v1/other'],
    ['v1/a/b?x=1?y', '/v1/a/b?x=1?y'],
    ['/v1/', '/v1/'],
    ['/v1/a%20b;c/ä', '/v1/a%20b;c/%C3%A4'],
    ['/v1/a..b', '/v1/a..b'],
    ['/v1//a', '/v1//a'],
    ['/v1/a?b=../c', '/v1/a?b=../c'],
  ])('%s is taken', (path, target) => {
    const { url } = requestedCall(BASE, { path }, ['path']);
    expect(url.href).toBe(`http://me:secret@service:8000${target}`);
  });

  test.each([
    '/',
    '/v2/process',
    '/v1',
    '/v1/../admin',
    '/v1/./a',
    '/v1/..',
    '/v1/%2e%2E/admin',
    '/v1/%252e%252e/admin',
    '/v1/a%2f..%2f..%2fadmin',
    '/v1/a%5c..',
    '/v1\\..\\admin',
    '/v1/.\t./admin',
    '//other/v1/a',
    'http://other/v1/a',
    'HTTP:/v1/a',
    'file:///etc/passwd',
    '/v1/a#b',
    '/v1/a b',
    '/v1/a\r\nhost: other',
    '@other/v1/a',
    '',
  ])('%j is refused', (path) => {
    expect(() => requestedCall(BASE, { path }, ['path'])).toThrow(CallRefused);
  });

  test('never leaves the folder of the URL', () => {
    const pieces = fc.constantFrom(
      '/',
      'v1',
      '..',
      '.',
      '%2e',
      '%2E',
      '%2f',
      '%5C',
      '\\',
      '%',
      '25',
      'a',
      '?',
      '#',
      '@',
      ':',
      'http:',
      'other',
      '\t',
      '\n',
      ' ',
      'ä',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        let url: URL;
        try {
          ({ url } = requestedCall(BASE, { path: `/v1/${parts.join('')}` }, ['path']));
        } catch (error) {
          expect(error).toBeInstanceOf(CallRefused);
          return;
        }
        expect(url.origin).toBe(BASE.origin);
        // As a service resolves it that decodes before it resolves.
        const decoded = url.pathname.replaceAll(/%(2e|2f|5c)/gi, (_, hex) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        );
        const again = new URL(`http://service${decoded}`);
        expect(again.pathname).toMatch(/^\/v1\//);
        expect(url.username).toBe('me');
      }),
      { numRuns: 3_000 },
    );
  });
});

test.each([
  ['get', 'GET'],
  ['Patch', 'PATCH'],
])('the method %s is %s', (method, taken) => {
  expect(requestedCall(BASE, { method }, ['method']).method).toBe(taken);
});

test.each(['CONNECT', 'trace', 'GET /', 'GET\r\n', '', 'é'])('the method %j is refused', (method) => {
  expect(() => requestedCall(BASE, { method }, ['method'])).toThrow(CallRefused);
});

test('headers of the connection, of the body and of our own never come from a message', () => {
  const headers = {
    Authorization: 'Bearer x',
    Accept: ['a/b', 'c/d'],
    Host: 'other',
    'Content-Length': '1',
    'Content-Encoding': 'gzip',
    'Transfer-Encoding': 'chunked',
    Connection: 'close, X-Hop',
    'X-Hop': '1',
    Upgrade: 'websocket',
    TE: 'trailers',
    Expect: '100-continue',
    'Coatcheck-Request-Id': 'forged',
    'Content-Type': 'application/x+json',
  };
  expect(requestedCall(BASE, { headers }, ['headers']).headers).toEqual({
    authorization: 'Bearer x',
    accept: ['a/b', 'c/d'],
    'content-type': 'application/x+json',
  });
});

test.each([
  ['a b', 'c'],
  ['a', 'b\r\nc: d'],
  ['a', '\u20ac'],
])('the header %j: %j is refused', (name, value) => {
  const headers = { [name]: value };
  expect(() => requestedCall(BASE, { headers }, ['headers'])).toThrow(CallRefused);
});
