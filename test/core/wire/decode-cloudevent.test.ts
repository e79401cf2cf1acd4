import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineProcessor } from '../../../lib/core/processor/handler.ts';
import { decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

const REQUIRED = { specversion: '1.0', id: 'r-1', source: '/orders', type: 'com.example.order' };
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('an event with every attribute that is read', () => {
  const event = {
    ...REQUIRED,
    datacontenttype: 'application/json',
    subject: 'order 5',
    time: '2026-01-31T12:00:00Z',
    expirytime: '2026-02-01T12:00:00Z',
    partitionkey: 'customer 7',
    traceparent: TRACEPARENT,
    tracestate: 'rojo=1',
    tenant: 'acme',
    priority: 3,
    urgent: true,
    nested: { not: 'an attribute' },
    data: { x: 6 },
  };
  expect(decodedRequest(event)).toEqual({
    id: 'r-1',
    source: '/orders',
    payload: { inline: '{"x":6}', json: { value: { x: 6 } } },
    contentType: 'application/json',
    metadata: {
      source: '/orders',
      type: 'com.example.order',
      subject: 'order 5',
      time: '2026-01-31T12:00:00Z',
      partitionkey: 'customer 7',
      tenant: 'acme',
      priority: '3',
      urgent: 'true',
    },
    tenant: 'acme',
    traceparent: TRACEPARENT,
    tracestate: 'rojo=1',
    expiresAt: Date.UTC(2026, 1, 1, 12),
  });
});

describe('data', () => {
  test.each([
    ['JSON by default', {}, { x: 6 }, '{"x":6}', 'application/json'],
    [
      'JSON text when its type says so',
      { datacontenttype: 'application/json' },
      'text',
      '"text"',
      'application/json',
    ],
    [
      'JSON by a suffix',
      { datacontenttype: 'application/geo+json' },
      'text',
      '"text"',
      'application/geo+json',
    ],
    ['a text of another type', { datacontenttype: 'text/csv' }, 'a,b\n1,2', 'a,b\n1,2', 'text/csv'],
    ['an object of another type', { datacontenttype: 'text/csv' }, { x: 6 }, '{"x":6}', 'text/csv'],
    ['null', {}, null, 'null', 'application/json'],
    ['false', {}, false, 'false', 'application/json'],
    ['an empty text', { datacontenttype: 'text/plain' }, '', '', 'text/plain'],
  ])('is %s', (_, attributes, data, text, contentType) => {
    const decoded = decodedRequest({ ...REQUIRED, ...attributes, data });
    expect(inlineText(decoded)).toBe(text);
    expect(decoded.contentType).toBe(contentType);
  });

  test('is handed on as it was written: long numbers keep their digits', () => {
    const data = '{ "id": 12345678901234567890, "huge": 1e999, "same": 1.0, "z":[ "}" ] }';
    const body = `{"data_old":1,"data": ${data} ,"specversion":"1.0","id":"r-1","source":"/orders","type":"t"}`;
    expect(inlineText(decodedRequest(body))).toBe(data);
  });

  test('in base64 is bytes', () => {
    const bytes = Buffer.from([0, 255, 10, 195, 40]);
    const decoded = decodedRequest({ ...REQUIRED, data_base64: bytes.toString('base64') });
    expect(decoded.payload).toEqual({ inline: bytes });
    expect(decoded.contentType).toBe('application/octet-stream');
  });

  test('in base64 with a type', () => {
    const decoded = decodedRequest({ ...REQUIRED, datacontenttype: 'image/png', data_base64: 'iVBORw==' });
    expect(decoded.contentType).toBe('image/png');
  });

  test('beside a reference to it is used: it is at hand', () => {
    const decoded = decodedRequest({ ...REQUIRED, data: 5, dataref: 's3://payloads/a' });
    expect(inlineText(decoded)).toBe('5');
  });

  test.each([{ data_base64: null }, { dataref: null }])(
    'beside %j, which is as good as missing',
    (member) => {
      expect(inlineText(decodedRequest({ ...REQUIRED, data: 5, ...member }))).toBe('5');
    },
  );
});

describe('a dataref', () => {
  test('with a version', () => {
    const dataref = 's3://payloads/requests/a%20b/%C3%BC.csv?versionId=v%2B1';
    const decoded = decodedRequest({ ...REQUIRED, datacontenttype: 'text/csv', dataref });
    expect(decoded).toMatchObject({
      payload: { bucket: 'payloads', key: 'requests/a b/ü.csv', versionId: 'v+1' },
      contentType: 'text/csv',
    });
  });

  test("without a type leaves it to the object's", () => {
    const decoded = decodedRequest({ ...REQUIRED, dataref: 's3://payloads/a' });
    expect(decoded.payload).toEqual({ bucket: 'payloads', key: 'a' });
    expect(decoded.contentType).toBeUndefined();
  });
});

test.each(['not a trace parent', 5, `${TRACEPARENT}-more`, 'x'.repeat(100_000)])(
  'a trace parent that is none is ignored: %.30j',
  (traceparent) => {
    expect(decodedRequest({ ...REQUIRED, data: 1, traceparent }).traceparent).toBeUndefined();
  },
);

describe('B12: an event without data', () => {
  test.each([{}, { data_base64: null }, { dataref: null }, { data_base64: null, dataref: null }])(
    'has an empty payload: %j',
    (members) => {
      const decoded = decodedRequest({ ...REQUIRED, ...members, datacontenttype: 'application/json' });
      expect(decoded).toMatchObject({ id: 'r-1', source: '/orders', contentType: 'application/json' });
      expect(inlineText(decoded)).toBe('');
    },
  );

  test('has no content type unless it names one', () => {
    expect(decodedRequest({ ...REQUIRED }).contentType).toBeUndefined();
  });

  test('is run: its text, bytes and stream are empty', async () => {
    const harness = new EngineHarness(async (request) => ({
      size: request.size,
      text: await request.text(),
      bytes: (await request.bytes()).byteLength,
      type: request.metadata.type,
    }));
    await harness.process([delivery(JSON.stringify(REQUIRED))]);
    expect(harness.event.data).toEqual({ size: 0, text: '', bytes: 0, type: REQUIRED.type });
  });

  test.each([
    ['asked for JSON', defineProcessor((request) => request.json())],
    ['checked against a schema', defineProcessor({ input: z.unknown() }, () => 'not to be run')],
  ])('fails for good when it is %s', async (_, processor) => {
    const harness = new EngineHarness(processor);
    expect(await harness.process([delivery(JSON.stringify(REQUIRED))])).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'payload_empty', attempts: 1 });
  });
});

describe('is rejected under its id, its source named,', () => {
  test.each([
    ['another version', { specversion: '0.3', data: 1 }, 'specversion must be "1.0", got "0.3"'],
    ['a version that is a number', { specversion: 1, data: 1 }, 'specversion must be "1.0", got 1'],
    ['a missing type', { type: undefined, data: 1 }, 'type must be a non-empty string, got nothing'],
    ['an empty type', { type: '', data: 1 }, 'type must be a non-empty string'],
    ['both data', { data: 1, data_base64: 'MQ==' }, 'data and data_base64 exclude each other'],
    ['broken base64', { data_base64: 'MQ' }, 'data_base64 must be base64, got a text of 2 characters'],
    ['base64 of the URL alphabet', { data_base64: '_-8=' }, 'data_base64 must be base64'],
    ['a number for base64', { data_base64: 5 }, 'data_base64 must be base64, got a number'],
    [
      'a dataref of another scheme',
      { dataref: 'https://example.com/a' },
      'expected s3://bucket/key?versionId=…',
    ],
    ['a dataref without a key', { dataref: 's3://payloads/' }, 'expected s3://bucket/key?versionId=…'],
    ['a dataref that is not UTF-8', { dataref: 's3://payloads/%FF' }, 'expected s3://bucket/key?versionId=…'],
    ['a number for a dataref', { dataref: 5 }, 'dataref must be a text, got 5'],
    ['an expiry that is no time', { data: 1, expirytime: 'tomorrow' }, 'expirytime must be a time like'],
    [
      'a content type for no header',
      { data: 1, datacontenttype: 'text/ü' },
      '1 to 255 printable ASCII characters',
    ],
    [
      'a tenant that is null, as good as missing',
      { data_base64: 5, tenant: null },
      'data_base64 must be base64',
    ],
    ['an empty content type', { data: 1, datacontenttype: '' }, '1 to 255 printable ASCII characters'],
  ])('an event with %s', (_, attributes, message) => {
    const { id, source, rejection } = rejectedRequest({ ...REQUIRED, ...attributes });
    expect({ id, source, code: rejection.code }).toEqual({
      id: 'r-1',
      source: '/orders',
      code: 'envelope_malformed',
    });
    expect(rejection.message).toContain(message);
  });

  test.each([
    ['no id', { id: undefined }],
    ['an empty id', { id: '' }],
    ['an id that is a number', { id: 5 }],
    ['an id too long', { id: 'i'.repeat(257) }],
    ['an id with a control character', { id: 'a\u0000b' }],
    ['no source', { source: undefined }],
    ['a tenant that is a number', { tenant: 5 }],
    ['a tenant too long', { tenant: 't'.repeat(257) }],
    ['a source too long for every outcome', { source: 's'.repeat(2_049) }],
  ])('or, if that can’t be used, under the message’s: %s', (_, attributes) => {
    const { id, source, rejection } = rejectedRequest({ ...REQUIRED, data: 1, ...attributes });
    expect({ id, source, code: rejection.code }).toEqual({
      id: 'message-1',
      source: '',
      code: 'envelope_malformed',
    });
  });
});
