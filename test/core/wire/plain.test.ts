import { describe, expect, test } from 'vitest';
import { decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

describe('a body in no envelope is the payload, unchanged:', () => {
  test.each([
    ['an object', '{"x": 6,\n"y": 12345678901234567890}'],
    ['an array', ' [1, 2]'],
    ['a number', '42'],
    ['a text', '"hello"'],
    ['true', 'true'],
    ['null', 'null'],
    ['a number among spaces', '\n -1.5e3 '],
  ])('%s in JSON', (_, body) => {
    const decoded = decodedRequest(body);
    expect(inlineText(decoded)).toBe(body);
    expect(decoded.contentType).toBe('application/json');
  });

  test.each([
    ['words', 'hello, world'],
    ['something begun like an object', '{x: 6}'],
    ['something begun like an array', '[draft] hello'],
    ['something begun like a number', '42 is the answer'],
    ['a leading zero', '042'],
    ['words like JSON’s', 'nullify'],
    ['CSV', 'a,b\n1,2\n'],
    ['letters of many scripts', 'żółć 漢字 🧥'],
    ['nothing', ''],
  ])('%s as text', (_, body) => {
    const decoded = decodedRequest(body);
    expect(inlineText(decoded)).toBe(body);
    expect(decoded.contentType).toBe('text/plain; charset=utf-8');
  });
});

test('a body that isn’t text in UTF-8 is the payload as it came', () => {
  const bytes = Uint8Array.of(0xff, 0x00, 0x7b);
  const decoded = decodedRequest('', { bytes });
  expect(decoded).toMatchObject({ payload: { inline: bytes }, contentType: 'application/octet-stream' });
  const typed = decodedRequest('', { bytes, attributes: { ContentType: 'image/png' } });
  expect(typed.contentType).toBe('image/png');
});

test('without attributes the message’s id is the request’s', () => {
  expect(decodedRequest('hello')).toMatchObject({ id: 'message-1', source: '', metadata: {} });
});

test('attributes say what an envelope would, and the others are metadata', () => {
  const attributes = {
    RequestId: 'r-1',
    ContentType: 'text/csv',
    CallbackUrl: 'https://example.com/done',
    Tenant: 'acme',
    ExpiresAt: '2026-02-01T13:00:00+01:00',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'rojo=1',
    Status: 'succeeded',
    Customer: '7',
    __proto__2: 'x',
  };
  expect(decodedRequest('a,b', { attributes })).toEqual({
    id: 'r-1',
    source: '',
    payload: { inline: 'a,b' },
    contentType: 'text/csv',
    callbackUrl: 'https://example.com/done',
    tenant: 'acme',
    expiresAt: Date.UTC(2026, 1, 1, 12),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'rojo=1',
    metadata: { Customer: '7', __proto__2: 'x' },
  });
});

describe('is rejected', () => {
  test.each(['2026-02-01', '1769947200', 'tomorrow', '2026-13-01T00:00:00Z', '2026-02-01T13:00:00'])(
    'an expiry of %s, under the id it was given',
    (ExpiresAt) => {
      const { id, rejection } = rejectedRequest('x', { attributes: { RequestId: 'r-1', ExpiresAt } });
      expect(id).toBe('r-1');
      expect(rejection.message).toBe(
        `message attribute: ExpiresAt must be a time like 2026-01-31T12:00:00Z, got "${ExpiresAt}"`,
      );
    },
  );

  test('a content type that can be no header, under the id it was given', () => {
    const attributes = { RequestId: 'r-1', ContentType: 'text/plain\nx' };
    expect(rejectedRequest('x', { attributes })).toMatchObject({
      id: 'r-1',
      rejection: { code: 'envelope_malformed' },
    });
  });

  test.each([
    ['too long', 'i'.repeat(257)],
    ['with a control character', 'a\nb'],
    ['with an unassigned code point', 'a\uffffb'],
    ['with half a character', 'a\ud800'],
  ])('a request id %s, under the message’s', (_, RequestId) => {
    const { id, rejection } = rejectedRequest('x', { attributes: { RequestId } });
    expect(id).toBe('message-1');
    expect(rejection.code).toBe('envelope_malformed');
  });

  test('JSON nested too deep', () => {
    const { id, rejection } = rejectedRequest(nested(129), { attributes: { RequestId: 'r-1' } });
    expect({ id, code: rejection.code }).toEqual({ id: 'r-1', code: 'json_too_deep' });
  });
});

/** JSON nested so deep. */
function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('B14: text that nests as deep as no JSON may', () => {
  test.each([
    ['brackets that are never closed', '['.repeat(129)],
    ['braces', '{"a":'.repeat(200)],
    ['brackets and words', `${nested(500)} and so on`],
  ])('is text: %s', (_, body) => {
    const request = decodedRequest(body);
    expect(inlineText(request)).toBe(body);
    expect(request.contentType).toBe('text/plain; charset=utf-8');
  });

  test('is what its sender calls it, JSON or not', () => {
    const attributes = { ContentType: 'text/csv' };
    expect(decodedRequest(nested(129), { attributes })).toMatchObject({ contentType: 'text/csv' });
  });

  test.each([undefined, 'application/json', 'application/vnd.example+json'])(
    'is refused when it is JSON, called %s',
    (ContentType) => {
      const { rejection } = rejectedRequest(nested(129), { attributes: ContentType ? { ContentType } : {} });
      expect(rejection.code).toBe('json_too_deep');
    },
  );

  test.each([
    ['no JSON', '['.repeat(129), 'json_invalid'],
    ['JSON too deep', nested(129), 'json_too_deep'],
  ])('is %s to a handler that parses it', async (_, body, code) => {
    const harness = new EngineHarness((request) => request.json());
    await harness.process([delivery(body, { attributes: { ContentType: 'text/csv' } })]);
    expect(harness.problem.code).toBe(code);
  });
});
