import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { failure } from '../../../lib/core/model/outcome.ts';
import { encodeRaw } from '../../../lib/core/wire/encode-raw.ts';
import { inlineOutcome, outcomeOf, STORED } from '../../support/outcomes.ts';

function attributes(status: string, contentType: string) {
  return {
    RequestId: { type: 'String', value: 'r-1' },
    Status: { type: 'String', value: status },
    ContentType: { type: 'String', value: contentType },
  };
}

test.each([
  ['JSON', '{"product": 42}', 'application/json'],
  ['text', 'a,b\r\n\tü 🧥\n', 'text/csv'],
  ['text of any type', '{"a":', 'application/octet-stream'],
])('a result that is %s is the unchanged body', (_, content, contentType) => {
  expect(encodeRaw(inlineOutcome(content, contentType))).toEqual({
    body: content,
    attributes: attributes('succeeded', contentType),
  });
});

test.each([
  ['is empty', ''],
  ['is not UTF-8', Buffer.from([0xff])],
  ['contains a control character', 'a\u0000'],
  ['contains a noncharacter', '\ufffe'],
])('a result that %s cannot be the body', (_, content) => {
  expect(encodeRaw(inlineOutcome(content))).toBeUndefined();
});

test('the tenant is an attribute', () => {
  const request = { id: 'r-1', source: '', tenant: 'acme' };
  expect(encodeRaw(inlineOutcome('5', 'application/json', { request }))?.attributes).toEqual({
    ...attributes('succeeded', 'application/json'),
    Tenant: { type: 'String', value: 'acme' },
  });
});

test('the source of the id is an attribute if there is one', () => {
  const request = { id: 'r-1', source: '/orders' };
  expect(encodeRaw(inlineOutcome('5', 'application/json', { request }))?.attributes).toEqual({
    ...attributes('succeeded', 'application/json'),
    RequestSource: { type: 'String', value: '/orders' },
  });
});

test('the trace is in the attributes', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(
    encodeRaw(inlineOutcome('5', 'application/json', { traceparent, tracestate: 'a=1' }))?.attributes,
  ).toEqual({
    ...attributes('succeeded', 'application/json'),
    traceparent: { type: 'String', value: traceparent },
    tracestate: { type: 'String', value: 'a=1' },
  });
});

describe('exactly', () => {
  test('a stored text result is a pointer of the extended client', () => {
    expect(encodeRaw(outcomeOf({ status: 'succeeded', result: { ...STORED, isText: true } }))).toEqual({
      body: '["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"payloads","s3Key":"results/r-1/ü"}]',
      attributes: {
        ...attributes('succeeded', 'text/csv'),
        ExtendedPayloadSize: { type: 'Number', value: '300000' },
      },
    });
  });

  test.each([false, undefined])('B7: a stored result is a reference if isText is %s', (isText) => {
    const reference = 's3://payloads/results/r-1/%C3%BC?versionId=v1';
    expect(encodeRaw(outcomeOf({ status: 'succeeded', result: { ...STORED, isText } }))).toEqual({
      body: reference,
      attributes: { ...attributes('succeeded', 'text/csv'), DataRef: { type: 'String', value: reference } },
    });
  });

  test('a failure', () => {
    const ending = failure(new PermanentError('not \ufffe', { code: 'order_unknown' }), 1);
    expect(encodeRaw(outcomeOf(ending))).toEqual({
      body:
        '{"type":"urn:coatcheck:problem:order_unknown","title":"order unknown","detail":"not \\ufffe",' +
        '"code":"order_unknown","attempts":1}',
      attributes: attributes('failed', 'application/problem+json'),
    });
  });
});
