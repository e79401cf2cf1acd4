import { describe, expect, test } from 'vitest';
import { decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';

const CLASS_NAMES = [
  'software.amazon.payloadoffloading.PayloadS3Pointer',
  'com.amazon.sqs.javamessaging.MessageS3Pointer',
];

describe.each(CLASS_NAMES)('a pointer of class %s', (className) => {
  test.each(['ExtendedPayloadSize', 'SQSLargePayloadSize'])(
    'with %s, which is no metadata',
    (sizeAttribute) => {
      const body = `["${className}",{"s3BucketName":"payloads","s3Key":"payloads/a+b%20c"}]`;
      const attributes = {
        [sizeAttribute]: '300000',
        RequestId: 'r-1',
        ContentType: 'text/csv',
        Customer: '7',
      };
      expect(decodedRequest(body, { attributes })).toEqual({
        id: 'r-1',
        source: '',
        payload: { bucket: 'payloads', key: 'payloads/a+b%20c' },
        contentType: 'text/csv',
        metadata: { Customer: '7' },
        offloaded: { id: 'message-1', attributes },
      });
    },
  );

  test('without attributes', () => {
    expect(decodedRequest([className, { s3BucketName: 'payloads', s3Key: 'a' }])).toMatchObject({
      id: 'message-1',
      payload: { bucket: 'payloads', key: 'a' },
      contentType: undefined,
    });
  });

  test.each([
    [{}, 's3BucketName must be a non-empty string, got nothing'],
    [{ s3BucketName: 'payloads' }, 's3Key must be a non-empty string, got nothing'],
    [{ s3BucketName: 5, s3Key: 'a' }, 's3BucketName must be a text, got 5'],
    [{ s3BucketName: 'payloads/other', s3Key: 'a' }, "a bucket's name has no slash"],
    [{ s3BucketName: 'payloads', s3Key: '\udfff' }, 'unpaired surrogates'],
  ])('to %j is rejected', (pointer, message) => {
    const { id, rejection } = rejectedRequest([className, pointer], { attributes: { RequestId: 'r-1' } });
    expect(id).toBe('r-1');
    expect(rejection.code).toBe('envelope_malformed');
    expect(rejection.message).toContain(message);
  });
});

test.each([
  ['another class', ['com.example.Pointer', { s3BucketName: 'b', s3Key: 'k' }]],
  ['a third element', [CLASS_NAMES[0], { s3BucketName: 'b', s3Key: 'k' }, 1]],
  ['no object', [CLASS_NAMES[0], 'k']],
  ['only a class', [CLASS_NAMES[0]]],
])('an array with %s is the payload itself', (_, array) => {
  expect(inlineText(decodedRequest(array))).toBe(JSON.stringify(array));
});
