import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { failure } from '../../../lib/core/model/outcome.ts';
import { encodeCloudEvent } from '../../../lib/core/wire/encode-cloudevent.ts';
import { encodeBinaryCloudEvent } from '../../../lib/core/wire/encode-cloudevent-binary.ts';
import { decodedRequest, inlineText } from '../../support/decoded.ts';
import { inlineOutcome, outcomeOf, STORED } from '../../support/outcomes.ts';

const SUCCEEDED = {
  specversion: '1.0',
  id: '36c6e077fc34d1f8a8d305ddb825fd6c',
  source: '/coatcheck/service',
  type: 'coatcheck.request.succeeded',
  subject: 'r-1',
  time: '2026-01-31T12:00:00.005Z',
};

test.each([
  ['JSON keeps how it is written', '{ "n": 12345678901234567890 }', 'application/json'],
  ['JSON of a type of its own', '{"a":1}', 'application/ld+json'],
  ['text', 'a,"b"\n\u0001', 'text/csv'],
  ['nothing', '', 'application/octet-stream'],
])('a result is the body: %s', (_, content, contentType) => {
  expect(encodeBinaryCloudEvent(inlineOutcome(content, contentType), 'service')).toEqual({
    body: content,
    attributes: {},
    cloudEvent: { ...SUCCEEDED, datacontenttype: contentType },
  });
});

test('bytes that aren’t UTF-8 are bytes', () => {
  const bytes = Buffer.from([0x22, 0xff]);
  expect(encodeBinaryCloudEvent(inlineOutcome(bytes, 'image/png'), 'service')).toEqual({
    body: '',
    bytes: new Uint8Array(bytes),
    attributes: {},
    cloudEvent: { ...SUCCEEDED, datacontenttype: 'image/png' },
  });
});

test('a stored result is a reference', () => {
  expect(encodeBinaryCloudEvent(outcomeOf({ status: 'succeeded', result: STORED }), 'service')).toEqual({
    body: '',
    attributes: {},
    cloudEvent: {
      ...SUCCEEDED,
      datacontenttype: 'text/csv',
      dataref: 's3://payloads/results/r-1/%C3%BC?versionId=v1',
    },
  });
});

test('a failure has the data and attributes of the structured event', () => {
  const outcome = outcomeOf(failure(new PermanentError('no', { code: 'order_unknown' }), 2), {
    request: { id: 'r-1', source: '/orders', tenant: 'acme' },
  });
  const { body, cloudEvent } = encodeBinaryCloudEvent(outcome, 'service');
  const { data, ...attributes } = JSON.parse(encodeCloudEvent(outcome, 'service').body);
  expect(cloudEvent).toEqual(attributes);
  expect(JSON.parse(body)).toEqual(data);
});

test('the next service reads it as a request', () => {
  const { body, cloudEvent } = encodeBinaryCloudEvent(inlineOutcome('{"a":1}'), 'service');
  const request = decodedRequest(body, { ...(cloudEvent && { cloudEvent }) });
  expect(request).toMatchObject({
    id: SUCCEEDED.id,
    source: SUCCEEDED.source,
    contentType: 'application/json',
  });
  expect(inlineText(request)).toBe('{"a":1}');
});
