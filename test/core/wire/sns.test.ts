import { describe, expect, test } from 'vitest';
import { decodedAll, decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

/** A message as SNS delivers it to a queue without raw message delivery. */
function notification(Message: string, given: object = {}): Readonly<Record<string, unknown>> {
  return {
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: 'arn:aws:sns:us-east-1:123456789012:orders',
    Message,
    Timestamp: '2026-01-31T12:00:00.000Z',
    SignatureVersion: '1',
    Signature: 'EXAMPLEw6JRN…',
    SigningCertURL: 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem',
    UnsubscribeURL: 'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn',
    ...given,
  };
}

const SNS_ID = '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324';

describe('B11: a message wrapped by SNS', () => {
  test('has the published payload and the id of the notification', () => {
    const decoded = decodedRequest(notification('{"x":6}'));
    expect(decoded).toMatchObject({ id: SNS_ID, contentType: 'application/json', metadata: {} });
    expect(inlineText(decoded)).toBe('{"x":6}');
  });

  test('has its attributes, including its subject', () => {
    const MessageAttributes = {
      RequestId: { Type: 'String', Value: 'r-1' },
      ContentType: { Type: 'String', Value: 'text/csv' },
      Count: { Type: 'Number', Value: '7' },
      Colours: { Type: 'String.Array', Value: '["red"]' },
      Image: { Type: 'Binary', Value: 'AAEC' },
    };
    const wrapped = notification('a,b', { Subject: 'Orders', MessageAttributes });
    expect(decodedRequest(wrapped, { attributes: { Other: 'x' } })).toMatchObject({
      id: 'r-1',
      contentType: 'text/csv',
      metadata: { Count: '7', Colours: '["red"]', Subject: 'Orders' },
    });
    expect(decodedRequest(wrapped).metadata).not.toHaveProperty('Image');
  });

  test('can be a CloudEvent', () => {
    const event = { specversion: '1.0', id: 'order-17', source: '/shop', type: 'order.placed', data: 1 };
    expect(decodedRequest(notification(JSON.stringify(event)))).toMatchObject({
      id: 'order-17',
      source: '/shop',
    });
  });

  test('can be an S3 event with uploads', () => {
    const event = s3Event(s3Record({ key: 'requests/a', versionId: 'v1' }), s3Record({ key: 'requests/b' }));
    const wrapped = notification(event, { Subject: 'Amazon S3 Notification' });
    expect(decodedAll(wrapped)).toEqual(decodedAll(event));
  });

  test('contains no request if it is S3’s test event', () => {
    expect(decodedAll(notification('{"Service":"Amazon S3","Event":"s3:TestEvent"}'))).toEqual([]);
  });

  test('can be a pointer of an extended client', () => {
    const pointer =
      '["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"payloads","s3Key":"a"}]';
    const MessageAttributes = { ExtendedPayloadSize: { Type: 'Number', Value: '300000' } };
    expect(decodedRequest(notification(pointer, { MessageAttributes }))).toMatchObject({
      payload: { bucket: 'payloads', key: 'a' },
      offloaded: { attributes: { ExtendedPayloadSize: '300000' } },
      metadata: {},
    });
  });

  test('keeps the trace of its sender', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(decodedRequest(notification('hello'), { trace: { traceparent } })).toMatchObject({ traceparent });
  });
});

describe('B11: a confirmation request of SNS', () => {
  test.each(['SubscriptionConfirmation', 'UnsubscribeConfirmation'])(
    'is rejected without its token in the message: %s',
    (Type) => {
      const { rejection } = rejectedRequest(notification('You have chosen …', { Type, Token: 'secret' }));
      expect(rejection.code).toBe('envelope_malformed');
      expect(rejection.message).toContain('subscribe the queue from its own account');
      expect(rejection.message).not.toContain('secret');
    },
  );
});

describe('B11: a body that only resembles a notification is the payload itself', () => {
  test.each([
    ['another type', { Type: 'Order' }],
    ['no type', { Type: undefined }],
    ['an invalid topic', { TopicArn: 'orders' }],
    ['a topic of another service', { TopicArn: 'arn:aws:sqs:us-east-1:123456789012:orders' }],
    ['no topic', { TopicArn: undefined }],
    ['a message that is not a string', { Message: { x: 6 } }],
    ['no message id', { MessageId: undefined }],
    ['a message id that is not a UUID', { MessageId: 'order-17' }],
    ['no time', { Timestamp: undefined }],
  ])('with %s', (_, given) => {
    const like = notification('hello', given);
    const decoded = decodedRequest(like);
    expect(decoded.id).toBe('message-1');
    expect(inlineText(decoded)).toBe(JSON.stringify(like));
  });
});
