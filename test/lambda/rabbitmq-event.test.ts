import { describe, expect, test } from 'vitest';
import { isRabbitMqEvent, type RabbitMqEvent, rabbitMqMessagesOf } from '../../lib/lambda/rabbitmq-event.ts';

type Properties = RabbitMqEvent['rmqMessagesByQueue'][string][number]['basicProperties'];

/** As in AWS's documentation: https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html */
const PROPERTIES: Properties = {
  contentType: 'text/plain',
  contentEncoding: null,
  headers: {
    header1: { bytes: [118, 97, 108, 117, 101, 49] },
    header2: { bytes: [118, 97, 108, 117, 101, 50] },
    numberInHeader: 10,
  },
  correlationId: null,
  replyTo: null,
  messageId: null,
  timestamp: 'Jan 1, 1970, 12:33:41 AM',
  type: null,
  userId: 'AIDACKCEVSQ6C2EXAMPLE',
  appId: null,
};

function messageWith(
  properties: Partial<Properties>,
  data = 'eyJ0aW1lb3V0IjowLCJkYXRhIjoiQ1pybWYwR3c4T3Y0YnFMUXhENEUifQ==',
) {
  const event = {
    eventSourceArn:
      'arn:aws:mq:us-west-2:123456789012:broker:pizzaBroker:b-9bcfa592-423a-4942-879d-eb284b418fc8',
    rmqMessagesByQueue: { 'pizzaQueue::/': [{ basicProperties: { ...PROPERTIES, ...properties }, data }] },
  };
  expect(isRabbitMqEvent(event)).toBe(true);
  const [message] = rabbitMqMessagesOf(event);
  if (!message) throw new Error('The event has no message');
  return message;
}

test('the example of AWS', () => {
  expect(messageWith({})).toEqual({
    id: expect.stringMatching(/^[\w-]{43}$/),
    body: '{"timeout":0,"data":"CZrmf0Gw8Ov4bqLQxD4E"}',
    attributes: { ContentType: 'text/plain', header1: 'value1', header2: 'value2', numberInHeader: '10' },
    typedAttributes: { numberInHeader: { type: 'Number', value: '10' } },
    deliveryCount: 1,
    sentAt: 2_021_000,
  });
});

describe('a message', () => {
  test('keeps the id that its sender gave it', () => {
    expect(messageWith({ messageId: 'order-7' }).id).toBe('order-7');
  });

  test('without an id has one that depends on its content', () => {
    expect(messageWith({}).id).toBe(messageWith({}).id);
    expect(messageWith({}).id).not.toBe(messageWith({}, 'AA==').id);
  });

  test('without properties is its body', () => {
    const none = { contentType: null, headers: null, timestamp: null, userId: null };
    expect(messageWith(none, Buffer.from('hello').toString('base64'))).toMatchObject({
      body: 'hello',
      attributes: {},
    });
  });

  test('has a time that a newer Java wrote with a narrow space', () => {
    expect(messageWith({ timestamp: 'Nov 29, 2026, 8:41:07\u202FPM' }).sentAt).toBe(
      Date.UTC(2026, 10, 29, 20, 41, 7),
    );
  });

  test('has text beyond ASCII in headers, whose bytes have a sign in Java', () => {
    const bytes = [...new Int8Array(Buffer.from('Zürich'))];
    expect(messageWith({ headers: { city: { bytes } } }).attributes).toMatchObject({ city: 'Zürich' });
  });

  test('has tables and lists in headers, as JSON', () => {
    const [name] = [{ bytes: [97] }];
    expect(messageWith({ headers: { table: { name }, list: [name, 1] } }).attributes).toMatchObject({
      table: '{"name":"a"}',
      list: '["a",1]',
    });
  });

  test('is a CloudEvent in binary mode', () => {
    const text = (value: string) => ({ bytes: [...Buffer.from(value)] });
    const headers = { cloudEvents_specversion: text('1.0'), cloudEvents_id: text('e-1') };
    expect(messageWith({ headers }).cloudEvent).toEqual({
      specversion: '1.0',
      id: 'e-1',
      datacontenttype: 'text/plain',
    });
  });
});

test('an event of Kafka is none of RabbitMQ', () => {
  expect(isRabbitMqEvent({ eventSource: 'aws:kafka', records: {} })).toBe(false);
});
