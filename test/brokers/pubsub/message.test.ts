import { protos } from '@google-cloud/pubsub-api';
import { describe, expect, test } from 'vitest';
import { decodeContent, encodeMessage, sizeOfEncoded } from '../../../lib/brokers/pubsub/message.ts';
import type { OutputMessage } from '../../../lib/core/ports/message-sink.ts';
import { decodeBinaryCloudEvent } from '../../../lib/core/wire/decode-cloudevent-binary.ts';
import { encodeCloudEvent } from '../../../lib/core/wire/encode-cloudevent.ts';
import { encodeBinaryCloudEvent } from '../../../lib/core/wire/encode-cloudevent-binary.ts';
import { forwardedMessage } from '../../../lib/core/wire/forwarded-message.ts';
import { outcomes } from '../../golden/samples.ts';
import { inlineOutcome } from '../../support/outcomes.ts';

const { PubsubMessage, PublishRequest } = protos.google.pubsub.v1;

/** What a subscriber gets of a message. */
function sent(message: OutputMessage) {
  const encoded = encodeMessage(message);
  return decodeContent(PubsubMessage.decode(PubsubMessage.encode(encoded).finish()));
}

describe('attributes', () => {
  test('of every type come back as they were', () => {
    const message: OutputMessage = {
      body: 'żółć',
      group: 'tenant',
      attributes: {
        RequestId: { type: 'String', value: ' Größe 🧥\r\n' },
        ContentType: { type: 'String', value: 'text/plain' },
        Size: { type: 'Number', value: '17' },
        Digest: { type: 'Binary.sha', value: new Uint8Array([0, 255]) },
        empty: { type: 'String', value: '' },
      },
    };
    expect(forwardedMessage(sent(message))).toEqual(message);
    expect(encodeMessage(message).attributes).toMatchObject({ 'content-type': 'text/plain', Size: '17' });
  });

  test.each(['content-type', 'Content-Type', 'contentType', 'ContentType'])(
    '%s is the content type',
    (name) => {
      const { attributes } = decodeContent({ attributes: { [name]: 'text/plain', other: 'a' } });
      expect(attributes).toEqual({ ContentType: 'text/plain', other: 'a' });
    },
  );

  test('without a UTF-16 pair are sent with U+FFFD', () => {
    const message = { body: 'a', attributes: { name: { type: 'String', value: 'a\ud800' } } };
    expect(sent(message).attributes).toEqual({ name: 'a\ufffd' });
  });

  test.each([
    [{ 'goog-a': 'a' }, 'reserved by Pub/Sub'],
    [{ 'ce-id': 'a' }, 'has a meaning to CloudEvents'],
    [{ 'coatcheck-encodings': 'a' }, "can't be named coatcheck-encodings"],
    [{ '': 'a' }, 'an attribute has no name'],
  ])('%o are refused', (given, problem) => {
    const attributes = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, { type: 'String', value }]),
    );
    expect(() => encodeMessage({ body: 'a', attributes })).toThrow(problem);
  });

  test('with encodings of other senders are texts', () => {
    for (const encodings of ['', '[]', '{"a":1}', '{"a":{"encoding":"rot13"}}']) {
      const content = decodeContent({ attributes: { a: 'x', 'coatcheck-encodings': encodings } });
      expect(content.attributes).toEqual({ a: 'x' });
    }
  });
});

test.each([
  [{ body: 'x'.repeat(1_000), attributes: {} }],
  [{ body: '', attributes: { name: { type: 'String', value: 'ż'.repeat(512) } }, group: 'g'.repeat(128) }],
  [{ body: 'x'.repeat(3_000_000), attributes: { Size: { type: 'Number', value: '1' } } }],
])('the size counts at least the bytes of a request', (message) => {
  const encoded = encodeMessage(message);
  const bytes = PublishRequest.encode({ messages: [encoded] }).finish().byteLength;
  expect(sizeOfEncoded(encoded)).toBeGreaterThanOrEqual(bytes);
  expect(sizeOfEncoded(encoded)).toBeLessThan(bytes + 100);
});

describe('a CloudEvent in binary mode', () => {
  test('has lower-case attributes with values as they are', () => {
    const cloudEvent = {
      id: 'order ż%',
      specversion: '1.0',
      type: 't',
      source: 's',
      datacontenttype: 'text/plain',
    };
    const message = { body: 'a', attributes: {}, cloudEvent };
    expect(encodeMessage(message).attributes).toEqual({
      'ce-id': 'order ż%',
      'ce-specversion': '1.0',
      'ce-type': 't',
      'ce-source': 's',
      'content-type': 'text/plain',
      'Content-Type': 'text/plain',
    });
    expect(sent(message)).toEqual({ ...message, attributes: {} });
  });

  test('is understood in the spellings of earlier drafts', () => {
    const attributes = {
      'CE-SpecVersion': '1.0',
      'ce-id': '1',
      'ce-datacontenttype': 'application/json',
      a: 'b',
    };
    expect(decodeContent({ attributes })).toMatchObject({
      cloudEvent: { specversion: '1.0', id: '1', datacontenttype: 'application/json' },
      attributes: { a: 'b' },
    });
  });

  test('is none if the body is one in structured mode, whose media type is an attribute', () => {
    const written = encodeMessage(encodeCloudEvent(inlineOutcome('{}', 'application/json'), 'service'));
    expect(written.attributes).toEqual({
      'content-type': 'application/cloudevents+json',
      'Content-Type': 'application/cloudevents+json',
    });
    expect(decodeContent(written)).not.toHaveProperty('cloudEvent');
    const attributes = { 'content-type': 'application/cloudevents+json', 'ce-specversion': '1.0' };
    expect(decodeContent({ attributes })).not.toHaveProperty('cloudEvent');
  });

  test.each(Object.entries(outcomes))('carries the outcome %s', (_, outcome) => {
    const message = encodeBinaryCloudEvent(outcome, 'service');
    const received = sent(message);
    expect(received.cloudEvent).toEqual(message.cloudEvent);
    const { id } = decodeBinaryCloudEvent(received.cloudEvent ?? {}, { ...received, id: 'm', sentAt: 0 });
    expect(id).toBe(message.cloudEvent?.id);
  });
});
