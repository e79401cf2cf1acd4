import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { expiry, failure } from '../../../lib/core/model/outcome.ts';
import { encodeCloudEvent } from '../../../lib/core/wire/encode-cloudevent.ts';
import { inlineOutcome, outcomeOf, STORED } from '../../support/outcomes.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const SUCCEEDED =
  '{"specversion":"1.0","id":"36c6e077fc34d1f8a8d305ddb825fd6c","source":"/coatcheck/service",' +
  '"type":"coatcheck.request.succeeded","subject":"r-1","time":"2026-01-31T12:00:00.005Z"';

function bodyOf(outcome: Parameters<typeof encodeCloudEvent>[0]): string {
  const { body, attributes, mediaType } = encodeCloudEvent(outcome, 'service');
  expect(attributes).toEqual({});
  expect(mediaType).toBe('application/cloudevents+json');
  return body;
}

describe('exactly', () => {
  test('a result in JSON', () => {
    expect(bodyOf(inlineOutcome('{"product":42}'))).toBe(
      `${SUCCEEDED},"datacontenttype":"application/json","data":{"product":42}}`,
    );
  });

  test('a request with a source, a tenant and a trace', () => {
    const outcome = inlineOutcome('42', 'application/json', {
      request: { id: 'r-1', source: '/orders', tenant: 'acme' },
      traceparent: TRACEPARENT,
    });
    expect(bodyOf(outcome)).toBe(
      '{"specversion":"1.0","id":"7983d4bcff5b47af6f5da6d9b4003c9d","source":"/coatcheck/service",' +
        '"type":"coatcheck.request.succeeded","subject":"r-1","time":"2026-01-31T12:00:00.005Z",' +
        `"requestsource":"/orders","tenant":"acme","traceparent":"${TRACEPARENT}",` +
        '"datacontenttype":"application/json","data":42}',
    );
  });

  test('a stored result', () => {
    expect(bodyOf(outcomeOf({ status: 'succeeded', result: STORED }))).toBe(
      `${SUCCEEDED},"datacontenttype":"text/csv","dataref":"s3://payloads/results/r-1/%C3%BC?versionId=v1"}`,
    );
  });

  test('a failure', () => {
    const error = new PermanentError('no such order', { code: 'order_unknown', details: { order: 5 } });
    expect(bodyOf(outcomeOf(failure(error, 2), { request: { id: 'r-1', source: '/orders' } }))).toBe(
      '{"specversion":"1.0","id":"4eefb81e5d09463dbfff7416eaf88964","source":"/coatcheck/service",' +
        '"type":"coatcheck.request.failed","subject":"r-1","time":"2026-01-31T12:00:00.005Z",' +
        '"requestsource":"/orders","datacontenttype":"application/json",' +
        '"data":{"type":"urn:coatcheck:problem:order_unknown","title":"order unknown",' +
        '"detail":"no such order","code":"order_unknown","attempts":2,"details":{"order":5}}}',
    );
  });

  test('an expiry', () => {
    expect(bodyOf(outcomeOf(expiry(1)))).toBe(
      '{"specversion":"1.0","id":"edad2cc90bf79c261d24d317456c1f6d","source":"/coatcheck/service",' +
        '"type":"coatcheck.request.expired","subject":"r-1","time":"2026-01-31T12:00:00.005Z",' +
        '"datacontenttype":"application/json",' +
        '"data":{"type":"urn:coatcheck:problem:request_expired","title":"request expired",' +
        `"detail":"The request's time was over before an attempt began","code":"request_expired","attempts":1}}`,
    );
  });
});

describe('data', () => {
  test.each([
    [
      'JSON keeps the digits of long numbers',
      '12345678901234567890',
      'application/json',
      '"data":12345678901234567890}',
    ],
    ['JSON keeps how it was written', '{ "a" : 1.0 }', 'application/json', '"data":{ "a" : 1.0 }}'],
    ['JSON with a charset is JSON', '5', 'application/json;charset=utf-8', '"data":5}'],
    [
      'B13: JSON of a type of its own is base64',
      '{"a":1}',
      'application/ld+json',
      '"data_base64":"eyJhIjoxfQ=="}',
    ],
    ['B13: so is JSON that is called text', '{"a":1}', 'text/json', '"data_base64":"eyJhIjoxfQ=="}'],
    ['B13: so is JSON in capitals', '{"a":1}', 'Application/JSON', '"data_base64":"eyJhIjoxfQ=="}'],
    [
      'B13: so is a problem that is a result',
      '{"a":1}',
      'application/problem+json',
      '"data_base64":"eyJhIjoxfQ=="}',
    ],
    ['a text is a JSON string', 'a,"b"\n\u0001', 'text/csv; header=present', '"data":"a,\\"b\\"\\n\\u0001"}'],
    ['an empty text', '', 'text/plain', '"data":""}'],
    ['XML is text', '<a/>', 'application/xml', '"data":"<a/>"}'],
    ['bytes are base64', 'hello', 'application/octet-stream', '"data_base64":"aGVsbG8="}'],
    ['no bytes', '', 'application/octet-stream', '"data_base64":""}'],
    ['JSON that is none is base64', '{"a":', 'application/json', '"data_base64":"eyJhIjo="}'],
    ['no JSON at all is base64', '', 'application/json', '"data_base64":""}'],
    ['JSON with a byte order mark is base64', '\ufeff1', 'application/json', '"data_base64":"77u/MQ=="}'],
    ['a text’s byte order mark stays', '\ufeffa', 'text/plain', '"data":"\ufeffa"}'],
  ])('%s', (_, content, contentType, end) => {
    expect(bodyOf(inlineOutcome(content, contentType))).toBe(
      `${SUCCEEDED},"datacontenttype":${JSON.stringify(contentType)},${end}`,
    );
  });

  test.each(['text/plain', 'application/json'])(
    'bytes that aren’t UTF-8 are base64, though called %s',
    (contentType) => {
      const event = JSON.parse(bodyOf(inlineOutcome(Buffer.from([0x22, 0xff, 0x22]), contentType)));
      expect(event).toMatchObject({ datacontenttype: contentType, data_base64: 'Iv8i' });
    },
  );

  test('characters no message may hold are escaped', () => {
    const body = bodyOf(inlineOutcome('{"a":"\ufffe","b":"\uffff","c":"\ufffd"}'));
    expect(body).toContain('{"a":"\\ufffe","b":"\\uffff","c":"\ufffd"}');
    expect(JSON.parse(body).data).toEqual({ a: '\ufffe', b: '\uffff', c: '\ufffd' });
  });
});

/** SQS takes XML 1.0's characters only. */
const MESSAGE_TEXT = /^(?:[\t\n\r\u0020-\ud7ff\ue000-\ufffd]|[\u{10000}-\u{10ffff}])+$/u;

test('whatever the result, the event is JSON in characters SQS takes, and holds the result’s bytes', () => {
  const contentTypes = fc.constantFrom(
    'application/json',
    'application/vnd.x+json',
    'text/plain',
    'application/octet-stream',
    'image/svg+xml',
  );
  const contents = fc.oneof(
    fc.uint8Array(),
    fc.json({ stringUnit: fc.constantFrom('a', 'ü', '"', '\ufffe', '{') }).map((json) => Buffer.from(json)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(JSON.stringify(text))),
  );
  fc.assert(
    fc.property(contents, contentTypes, (content, contentType) => {
      const body = bodyOf(inlineOutcome(content, contentType));
      expect(body).toMatch(MESSAGE_TEXT);
      const { data, data_base64: base64 } = JSON.parse(body);
      const received =
        base64 === undefined
          ? contentType === 'application/json'
            ? JSON.stringify(data)
            : data
          : Buffer.from(base64, 'base64');
      const text = Buffer.from(content);
      const expected =
        base64 === undefined && contentType === 'application/json'
          ? JSON.stringify(JSON.parse(text.toString()))
          : base64 === undefined
            ? text.toString()
            : text;
      expect(received).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
