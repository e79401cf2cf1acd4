import { describe, expect, test } from 'vitest';
import type { CloudEventAttributes, QueueMessage } from '../../../lib/core/model/received-message.ts';
import { encodeDeadLetter } from '../../../lib/core/wire/encode-dead-letter.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';
import { delivery } from '../../support/delivery.ts';

/** https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md#314-example */
const EXAMPLE = {
  specversion: '1.0',
  type: 'com.example.someevent',
  time: '2018-04-05T03:56:24Z',
  id: '1234-1234-1234',
  source: '/mycontext/subcontext',
  datacontenttype: 'application/json',
};

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function decoded(body: string, more: CloudEventAttributes = {}, given: Partial<QueueMessage> = {}) {
  return decodedRequest(body, { ...given, cloudEvent: { ...EXAMPLE, ...more } });
}

test('the example of the specification', () => {
  expect(decoded('{ "n": 12345678901234567890 }')).toEqual({
    id: '1234-1234-1234',
    source: '/mycontext/subcontext',
    payload: { inline: '{ "n": 12345678901234567890 }' },
    contentType: 'application/json',
    metadata: {
      type: 'com.example.someevent',
      time: '2018-04-05T03:56:24Z',
      source: '/mycontext/subcontext',
    },
  });
});

test('extensions with a meaning, and others', () => {
  const request = decoded('5', {
    tenant: 'acme',
    expirytime: '2026-02-01T12:00:00Z',
    callbackurl: 'https://example.com/hook',
    traceparent: TRACEPARENT,
    tracestate: 'rojo=1',
    urgent: 'true',
  });
  expect(request).toMatchObject({
    tenant: 'acme',
    expiresAt: Date.UTC(2026, 1, 1, 12),
    callbackUrl: 'https://example.com/hook',
    traceparent: TRACEPARENT,
    tracestate: 'rojo=1',
  });
  expect(request.metadata).toMatchObject({ urgent: 'true' });
});

describe('the body is the data, whatever it looks like', () => {
  test.each([
    ['a CloudEvent', '{"specversion":"1.0","id":"inner","source":"/inner","type":"t","data":1}'],
    ['a notification of SNS', '{"Type":"Notification","MessageId":"m","TopicArn":"arn:t","Message":"inner"}'],
    ['an event of S3', '{"Records":[{"eventSource":"aws:s3","s3":{}}]}'],
    ['JSON that is too deep', '['.repeat(1_000) + ']'.repeat(1_000)],
  ])('like %s', (_, body) => {
    const request = decoded(body);
    expect(request.id).toBe('1234-1234-1234');
    expect(inlineText(request)).toBe(body);
  });

  test('bytes that are no text', () => {
    const bytes = Buffer.from([0xff, 0, 1]);
    expect(decoded('', { datacontenttype: 'image/png' }, { bytes })).toMatchObject({
      payload: { inline: bytes },
      contentType: 'image/png',
    });
  });

  test.each([
    ['{"a":1}', undefined, 'application/json'],
    ['true', undefined, 'application/json'],
    ['hello', undefined, 'text/plain; charset=utf-8'],
    ['', Buffer.from([0xff]), 'application/octet-stream'],
  ])('without a type it gets what it looks like: %s', (body, bytes, contentType) => {
    const request = decodedRequest(body, {
      cloudEvent: { specversion: '1.0', id: 'a', source: '/b', type: 'c' },
      ...(bytes && { bytes }),
    });
    expect(request.contentType).toBe(contentType);
  });

  test('beside a reference to it is used: it is at hand', () => {
    expect(inlineText(decoded('5', { dataref: 's3://payloads/a' }))).toBe('5');
  });
});

test('without data the payload is what dataref names', () => {
  expect(
    decoded('', { datacontenttype: 'text/csv', dataref: 's3://payloads/%C3%BC?versionId=v1' }),
  ).toMatchObject({
    payload: { bucket: 'payloads', key: 'ü', versionId: 'v1' },
    contentType: 'text/csv',
  });
});

test('without data and reference the payload is empty', () => {
  expect(inlineText(decoded(''))).toBe('');
});

describe('is rejected under its id, its source named,', () => {
  test.each<[string, CloudEventAttributes, string]>([
    ['another version', { specversion: '0.3' }, 'specversion must be "1.0", got "0.3"'],
    ['no type', { type: '' }, 'type must be a non-empty string'],
    ['an expiry that is no time', { expirytime: 'soon' }, 'expirytime must be a time like'],
    ['an attribute that is not UTF-8', { subject: undefined }, 'subject must be text in UTF-8'],
    ['a reference to another kind of store', { dataref: 'https://example.com/a' }, 'expected s3://'],
  ])('an event with %s', (_, attributes, message) => {
    const { id, source, rejection } = rejectedRequest('', { cloudEvent: { ...EXAMPLE, ...attributes } });
    expect({ id, source }).toEqual({ id: '1234-1234-1234', source: '/mycontext/subcontext' });
    expect(rejection.code).toBe('envelope_malformed');
    expect(rejection.message).toContain(message);
  });

  test.each<[string, CloudEventAttributes]>([
    ['no id', { id: undefined }],
    ['an empty id', { id: '' }],
    ['no source', { source: undefined }],
  ])('or, if that can’t be used, under the message’s: %s', (_, attributes) => {
    const cloudEvent = Object.fromEntries(
      Object.entries({ ...EXAMPLE, ...attributes }).filter(([, value]) => value !== undefined),
    );
    const { id, source, rejection } = rejectedRequest('1', { cloudEvent });
    expect({ id, source, code: rejection.code }).toEqual({
      id: 'message-1',
      source: '',
      code: 'envelope_malformed',
    });
  });
});

test('its dead letter is the same event', () => {
  const message = delivery('5', { cloudEvent: EXAMPLE });
  const reason = { requestId: EXAMPLE.id, code: 'c', detail: 'd', attempts: 1, submittedAt: 0, redrives: 0 };
  expect(encodeDeadLetter(message, reason, new MemoryOutputQueue())).toMatchObject({
    body: '5',
    cloudEvent: EXAMPLE,
  });
});
