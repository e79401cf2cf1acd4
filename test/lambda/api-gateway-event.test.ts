import { gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { requestOf, resultOf } from '../../lib/lambda/api-gateway-event.ts';
import { ApiHarness } from '../support/api-harness.ts';

function event(given: Partial<APIGatewayProxyEventV2>): APIGatewayProxyEventV2 {
  const http = { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' };
  return {
    version: '2.0',
    routeKey: 'POST /v1/{proxy+}',
    rawPath: '/v1/requests',
    rawQueryString: '',
    headers: {},
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example',
      domainPrefix: 'api',
      http,
      requestId: 'call',
      routeKey: 'POST /v1/{proxy+}',
      stage: '$default',
      time: '31/Jan/2026:12:00:00 +0000',
      timeEpoch: 1_769_860_800_000,
    },
    isBase64Encoded: false,
    ...given,
  };
}

describe('a call', () => {
  test('has headers of any text', () => {
    const { headers } = requestOf(event({ headers: { 'user-agent': 'żółw ☃', prefer: 'wait=1' } }));
    expect(Buffer.from(headers.get('user-agent') ?? '', 'latin1').toString()).toBe('żółw ☃');
    expect(headers.get('prefer')).toBe('wait=1');
  });
});

test('cookies are passed in and out', async () => {
  const { headers } = requestOf(event({ cookies: ['a=1', 'b=2'] }));
  expect(headers.get('cookie')).toBe('a=1; b=2');
  const response = new Response('', {
    headers: [
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2'],
    ],
  });
  const { cookies, headers: sent } = await resultOf(response);
  expect(cookies).toEqual(['a=1; Path=/', 'b=2']);
  expect(Object.keys(sent ?? {})).not.toContain('set-cookie');
  expect(await resultOf(new Response(''))).not.toHaveProperty('cookies');
});

describe('a body', () => {
  const sent = (bytes: Buffer, given: Partial<APIGatewayProxyEventV2>) =>
    requestOf(event({ headers: { 'content-length': String(bytes.byteLength) }, ...given }));

  test('comes byte for byte, as text or as base64', async () => {
    const text = Buffer.from('żółw \uFFFD');
    expect(Buffer.from(await sent(text, { body: text.toString() }).arrayBuffer())).toEqual(text);
    const binary = Buffer.from([0, 255, 128]);
    const request = sent(binary, { body: binary.toString('base64'), isBase64Encoded: true });
    expect(Buffer.from(await request.arrayBuffer())).toEqual(binary);
  });

  test('that was no UTF-8 is refused, not taken with other bytes', async () => {
    const latin = Buffer.from('caf\xe9', 'latin1');
    const api = new ApiHarness();
    const answer = await api.app.request(sent(latin, { body: latin.toString('utf8') }));
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ code: 'content_type_invalid' });
    expect(api.queue.sent).toEqual([]);
  });
});

describe('B5: a body with a Content-Encoding', () => {
  const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };

  test('that the gateway made text of is refused, saying how to send it', async () => {
    const api = new ApiHarness();
    const body = gzipSync('{"x":6}').toString('utf8');
    const answer = await api.app.request(requestOf(event({ headers, body })));
    expect(answer.status).toBe(415);
    expect(answer.headers.get('accept-encoding')).toBe('identity');
    expect(await answer.json()).toMatchObject({
      code: 'content_encoding_unsupported',
      detail: expect.stringContaining('send it as application/octet-stream'),
    });
    expect(api.queue.sent).toEqual([]);
  });

  test('that came as bytes is taken', async () => {
    const api = new ApiHarness();
    const body = gzipSync('{"x":6}').toString('base64');
    const answer = await api.app.request(requestOf(event({ headers, body, isBase64Encoded: true })));
    expect(answer.status).toBe(202);
  });
});

describe('a result', () => {
  test.each([
    ['JSON in UTF-8', 'application/json', Buffer.from('"żółw"'), false],
    ['what says it is JSON and isn’t in UTF-8', 'application/json', Buffer.from('"caf\xe9"', 'latin1'), true],
    ['text', 'text/plain', Buffer.from('text'), true],
  ])('of %s comes byte for byte', async (_, contentType, bytes, isBase64Encoded) => {
    const response = new Response(bytes, { headers: { 'Content-Type': contentType } });
    const result = await resultOf(response);
    expect(result.isBase64Encoded).toBe(isBase64Encoded);
    expect(Buffer.from(result.body ?? '', isBase64Encoded ? 'base64' : 'utf8')).toEqual(bytes);
  });
});
