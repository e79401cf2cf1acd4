import { describe, expect, test } from 'vitest';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { sqsEvent } from '../support/sqs-event.ts';

test('every record is a delivery', () => {
  const event = sqsEvent(
    { id: 'm-1', body: 'hello', attributes: { RequestId: 'r-1', ExtendedPayloadSize: '300' }, attempt: 3 },
    { id: 'm-2', body: '' },
  );
  expect(messagesOf(event)).toEqual([
    {
      id: 'm-1',
      body: 'hello',
      attributes: { RequestId: 'r-1', ExtendedPayloadSize: '300' },
      typedAttributes: {},
      deliveryCount: 3,
      sentAt: 1_769_860_800_000,
      firstDeliveredAt: 1_769_860_800_123,
      receipt: 'receipt of m-1',
    },
    {
      id: 'm-2',
      body: '',
      attributes: {},
      typedAttributes: {},
      deliveryCount: 1,
      sentAt: 1_769_860_800_000,
      firstDeliveredAt: 1_769_860_800_123,
      receipt: 'receipt of m-2',
    },
  ]);
});

test('the trace of the sender is included on request', () => {
  const traceHeader = 'Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1';
  const event = sqsEvent({ id: 'm-1', body: '', traceHeader }, { id: 'm-2', body: '' });
  expect(messagesOf(event, true).map(({ trace }) => trace?.traceparent)).toEqual([
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    undefined,
  ]);
  expect(messagesOf(event).map(({ trace }) => trace?.traceparent)).toEqual([undefined, undefined]);
});

test('a binary attribute is left out', () => {
  const event = sqsEvent({ id: 'm-1', body: '' });
  const [record] = event.Records;
  if (record) record.messageAttributes = { Bytes: { dataType: 'Binary', binaryValue: 'AAAA' } };
  expect(messagesOf(event)[0]?.attributes).toEqual({});
});

test('an event without records has no deliveries', () => {
  expect(messagesOf({ Records: [] })).toEqual([]);
});

describe('is refused with the event in the message:', () => {
  const read: (event: unknown) => unknown = Object.assign(messagesOf);

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an HTTP API event', { version: '2.0', rawPath: '/', body: 'x'.repeat(1_000) }],
    ['an S3 event', { Records: [{ eventSource: 'aws:s3', s3: {} }] }],
    ['an SNS event', { Records: [{ EventSource: 'aws:sns', Sns: {} }] }],
    ['odd records', { Records: [null] }],
    ['records that are not an array', { Records: 'aws:sqs' }],
  ])('%s', (_, event) => {
    expect(() => read(event)).toThrow(TypeError);
    expect(() => read(event)).toThrow(/^Expected an event of an SQS event source, got .{0,200}$/);
  });
});
