import type { ConsumeMessage } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { copyMessage, decodeMessage, encodeMessage } from '../../../lib/brokers/amqp/message.ts';
import { isRequestId } from '../../../lib/core/model/request-id.ts';

type Properties = Partial<ConsumeMessage['properties']>;

const NO_PROPERTIES: ConsumeMessage['properties'] = {
  contentType: undefined,
  contentEncoding: undefined,
  headers: {},
  deliveryMode: 2,
  priority: undefined,
  correlationId: undefined,
  replyTo: undefined,
  expiration: undefined,
  messageId: undefined,
  timestamp: undefined,
  type: undefined,
  userId: undefined,
  appId: undefined,
  clusterId: undefined,
};

function received(properties: Properties = {}, content = 'a'): ConsumeMessage {
  const fields = { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'q', consumerTag: 'c' };
  return { content: Buffer.from(content), fields, properties: { ...NO_PROPERTIES, ...properties } };
}

describe('the id', () => {
  test('is the message id', () => {
    expect(decodeMessage(received({ messageId: 'm-1' })).id).toBe('m-1');
  });

  test.each(['', 'a\nb', 'x'.repeat(257)])('is not %j, which no request can have', (messageId) => {
    const { id } = decodeMessage(received({ messageId }));
    expect(isRequestId(id)).toBe(true);
    expect(decodeMessage(received({ messageId })).id).toBe(id);
    expect(decodeMessage(received({ messageId: `${messageId}\n` })).id).not.toBe(id);
  });

  test('is the same on each delivery of a message without a message id', () => {
    const first = received({ headers: { b: { z: 1, a: 2 }, a: 1 } });
    // RabbitMQ 3.10 sorts the headers when it delivers a message again.
    const again = received({ headers: { a: 1, b: { a: 2, z: 1 }, 'x-delivery-count': 2 } });
    expect(decodeMessage(again).id).toBe(decodeMessage(first).id);
  });

  test.each([
    ['body', {}, 'b'],
    ['header', { headers: { a: 1 } }, 'a'],
    ['property', { correlationId: 'c' }, 'a'],
    ['time', { timestamp: 1 }, 'a'],
  ])('is another one with another %s', (_, properties, content) => {
    expect(decodeMessage(received(properties, content)).id).not.toBe(decodeMessage(received()).id);
  });
});

test.each([
  [{}, 1],
  [{ 'x-delivery-count': 2 }, 3],
  // RabbitMQ 4.3 counts a requeue by nack only here.
  [{ 'x-acquired-count': 4, 'x-delivery-count': 2 }, 5],
  [{ 'x-coatcheck-deliveries': 3 }, 4],
  [{ 'x-coatcheck-deliveries': 3, 'x-delivery-count': 2 }, 6],
  [{ 'x-delivery-count': 'many' }, 1],
])('with %o it is delivery %i', (headers, deliveryCount) => {
  expect(decodeMessage(received({ headers })).deliveryCount).toBe(deliveryCount);
});

test.each([
  [{ timestamp: 1_700_000_000 }, 1_700_000_000_000],
  [{ timestamp: 1_700_000_000, headers: { timestamp_in_ms: 1_700_000_000_123 } }, 1_700_000_000_123],
])('with %o it was sent at %i', (properties, sentAt) => {
  expect(decodeMessage(received(properties)).sentAt).toBe(sentAt);
});

test('headers of any type become attributes, those of the server do not', () => {
  const headers = {
    text: 'Größe 🧥',
    number: 1.5,
    flag: false,
    bytes: Buffer.from([0, 255]),
    time: { '!': 'timestamp', value: 1_700_000_000 },
    list: [1, 'a'],
    nothing: null,
    'x-death': [],
    'x-delivery-count': 1,
    'x-coatcheck-group': 'g',
    CC: ['other'],
  };
  expect(decodeMessage(received({ headers, contentType: 'text/csv' }))).toMatchObject({
    attributes: {
      ContentType: 'text/csv',
      text: 'Größe 🧥',
      number: '1.5',
      flag: 'false',
      time: '2023-11-14T22:13:20.000Z',
      list: '[1,"a"]',
    },
    typedAttributes: {
      number: { type: 'Number', value: '1.5' },
      flag: { type: 'String.boolean', value: 'false' },
      bytes: { type: 'Binary', value: new Uint8Array([0, 255]) },
    },
    group: 'g',
  });
  expect(Object.keys(decodeMessage(received({ headers })).attributes)).not.toContain('x-death');
});

describe('a body that a client of AMQP 1.0 sent as a value, as RabbitMQ 3.10.8 and 4.0.5 deliver it, is', () => {
  const decoded = (bytes: readonly number[], rest = '', type = 'amqp-1.0') => {
    const content = Buffer.concat([Buffer.from(bytes), Buffer.from(rest)]);
    return decodeMessage({ ...received({ type }), content });
  };
  const long = 'a'.repeat(300);

  test.each([
    ['a text', [0x00, 0x53, 0x77, 0xa1, 2], 'hi', 'hi'],
    ['a long text', [0x00, 0x53, 0x77, 0xb1, 0, 0, 1, 44], long, long],
    ['bytes', [0x00, 0x53, 0x77, 0xa0, 2], 'hi', 'hi'],
    ['many bytes', [0x00, 0x53, 0x77, 0xb0, 0, 0, 1, 44], long, long],
    ['null', [0x00, 0x53, 0x77, 0x40], '', ''],
  ])('%s', (_, bytes, rest, body) => {
    expect(decoded(bytes, rest)).toMatchObject({ body });
  });

  test.each([
    ['of another type', [0x00, 0x53, 0x77, 0x54, 7], ''],
    ['that is a sequence', [0x00, 0x53, 0x76, 0xa1, 2], 'hi'],
    ['that is cut off', [0x00, 0x53, 0x77, 0xb1, 0, 0], ''],
    ['with more behind it', [0x00, 0x53, 0x77, 0xa1, 1], 'hi'],
  ])('as it came, if it is one %s', (_, bytes, rest) => {
    const { body, bytes: kept } = decoded(bytes, rest);
    expect(kept ? Buffer.from(kept) : Buffer.from(body)).toEqual(
      Buffer.concat([Buffer.from(bytes), Buffer.from(rest)]),
    );
  });

  test('as it came, if it was sent otherwise', () => {
    const sent = [0x00, 0x53, 0x77, 0xa1, 2];
    expect(decoded(sent, 'hi', 'binary').bytes).toEqual(new Uint8Array(Buffer.from([...sent, 0x68, 0x69])));
  });
});

test.each([
  [1_700_000_000, 1_700_000_000_000],
  // RabbitMQ 3.10 passes on the milliseconds of AMQP 1.0.
  [1_700_000_000_123, 1_700_000_000_123],
])('the timestamp %i is the time %i', (timestamp, sentAt) => {
  expect(decodeMessage(received({ timestamp })).sentAt).toBe(sentAt);
});

test('what RabbitMQ 3.10 leaves encoded of AMQP 1.0 is no attribute', () => {
  const headers = { a: '1', 'x-amqp-1.0-app-properties': '\0St', 'x-amqp-1.0-properties': '\0Ss' };
  expect(decodeMessage(received({ headers })).attributes).toEqual({ a: '1' });
});

test('a copy keeps what its sender set, and nothing that routes it, expires it or has it refused', () => {
  const raw = received({
    messageId: 'm-1',
    contentType: 'text/csv',
    replyTo: 'answers',
    timestamp: 1_700_000_000,
    expiration: '1000',
    userId: 'sender',
    headers: {
      a: 1,
      CC: ['other'],
      'x-death': [],
      'x-delivery-count': 2,
      'x-coatcheck-deliveries': 1,
    },
  });
  const { options } = copyMessage(raw, decodeMessage(raw));
  expect(options).toMatchObject({
    messageId: 'm-1',
    contentType: 'text/csv',
    replyTo: 'answers',
    timestamp: 1_700_000_000,
    headers: { a: 1, 'x-coatcheck-deliveries': 4 },
  });
  expect(Object.keys(options.headers)).toEqual(['a', 'x-coatcheck-deliveries']);
  expect(Object.keys(options)).not.toEqual(expect.arrayContaining(['expiration']));
  expect(Object.keys(options)).not.toEqual(expect.arrayContaining(['userId']));
});

test.each([
  ['Number', '300000', 300_000],
  ['Number.float', '1.5', 1.5],
  ['Number', '1.50', '1.50'],
  ['Number', '9007199254740993', '9007199254740993'],
  ['Number', 'NaN', 'NaN'],
  ['String', '5', '5'],
  ['String.boolean', 'true', true],
])('an attribute of type %s with the value %s is the header %o', (type, value, header) => {
  const { options } = encodeMessage({ body: '', attributes: { a: { type, value } } });
  expect(options.headers).toEqual({ a: header });
});

test('the content type is a property, unless it is too long for one', () => {
  const long = `text/${'x'.repeat(300)}`;
  const encoded = (value: string) =>
    encodeMessage({ body: '', attributes: { ContentType: { type: 'String', value } } }).options;
  expect(encoded('text/csv')).toMatchObject({ contentType: 'text/csv', headers: {} });
  expect(encoded(long)).toMatchObject({ headers: { ContentType: long } });
});

test('the media type of the body is the content type, unless an attribute says it', () => {
  const message = { body: '{}', attributes: {}, mediaType: 'application/cloudevents+json' };
  expect(encodeMessage(message).options).toMatchObject({ contentType: 'application/cloudevents+json' });
  const attributes = { ContentType: { type: 'String', value: 'text/csv' } };
  expect(encodeMessage({ ...message, attributes }).options).toMatchObject({ contentType: 'text/csv' });
});

test('an attribute that the server would obey is refused', () => {
  const attributes = { BCC: { type: 'String', value: 'other' } };
  expect(() => encodeMessage({ body: '', attributes })).toThrow('the header BCC has a meaning to RabbitMQ');
});

describe('a CloudEvent in binary mode', () => {
  const EVENT = { specversion: '1.0', id: 'e-1', source: '/s', type: 't', datacontenttype: 'text/csv' };

  test.each(['cloudEvents_', 'cloudEvents:'])(
    'has its attributes in headers that begin with %s',
    (prefix) => {
      const headers = {
        [`${prefix}specversion`]: '1.0',
        [`${prefix}id`]: 'e-1',
        [`${prefix}time`]: { '!': 'timestamp', value: 1_700_000_000 },
        [`${prefix}attempt`]: 5,
        [`${prefix}last`]: true,
        [`${prefix}key`]: Buffer.from([255]),
        other: 'a',
      };
      expect(decodeMessage(received({ headers, contentType: 'text/csv' }))).toMatchObject({
        cloudEvent: {
          specversion: '1.0',
          id: 'e-1',
          time: '2023-11-14T22:13:20.000Z',
          attempt: '5',
          last: 'true',
          key: '/w==',
          datacontenttype: 'text/csv',
        },
        attributes: { other: 'a' },
      });
      expect(decodeMessage(received({ headers })).attributes).toEqual({ other: 'a' });
    },
  );

  test('comes back as it was written', () => {
    const { content, options } = encodeMessage({ body: 'a', attributes: {}, cloudEvent: EVENT });
    const decoded = decodeMessage(received(options, content.toString()));
    expect(options).toMatchObject({ contentType: 'text/csv', headers: { cloudEvents_id: 'e-1' } });
    expect(decoded).toMatchObject({ body: 'a', attributes: {}, cloudEvent: EVENT });
  });

  test('is none without a version, nor with the content type of structured mode', () => {
    expect(decodeMessage(received({ headers: { cloudEvents_id: 'e-1' } })).cloudEvent).toBeUndefined();
    const structured = {
      headers: { cloudEvents_specversion: '1.0' },
      contentType: 'application/cloudevents+json',
    };
    expect(decodeMessage(received(structured)).cloudEvent).toBeUndefined();
  });
});
