import { describe, expect, test } from 'vitest';
import { POINTER_CLASS } from '../../../lib/core/wire/extended-client.ts';
import { decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';

/** The attributes of a message that the library sends. */
function ofType(type: string, attributes: Record<string, string> = {}) {
  return { attributes: { JMS_SQSMessageType: type, ...attributes } };
}

describe('a BytesMessage of JMS', () => {
  test.each([
    ['eyJ4Ijo2fQ==', { payload: { inline: '{"x":6}' }, contentType: 'application/json' }],
    ['dGV4dA==', { payload: { inline: 'text' }, contentType: 'text/plain' }],
    ['AP8B', { payload: { inline: Buffer.from([0, 255, 1]) }, contentType: 'application/octet-stream' }],
  ])('with the body %s is decoded', (body, expected) => {
    const { payload, contentType = '' } = decodedRequest(body, ofType('byte'));
    expect(contentType).toMatch(expected.contentType);
    expect(payload).toMatchObject(expected.payload);
  });

  test('has attributes, and may be a CloudEvent', () => {
    expect(
      decodedRequest('YSxi', ofType('byte', { RequestId: 'r', ContentType: 'text/csv', n: '5' })),
    ).toEqual(expect.objectContaining({ id: 'r', contentType: 'text/csv', metadata: { n: '5' } }));
    const event = { specversion: '1.0', id: 'e', source: '/s', type: 't', data: { x: 6 } };
    const body = Buffer.from(JSON.stringify(event)).toString('base64');
    expect(decodedRequest(body, ofType('byte'))).toMatchObject({ id: 'e', source: '/s' });
  });

  test('that isn’t base64 is rejected, and its body isn’t quoted', () => {
    const { rejection, id } = rejectedRequest('secret', ofType('byte', { RequestId: 'r' }));
    expect(id).toBe('r');
    expect(rejection).toMatchObject({ code: 'envelope_malformed' });
    expect(rejection.message).toContain('the body must be base64, got a text of 6 characters');
  });

  test('that an extended client stored is read from the store first', () => {
    const pointer = [POINTER_CLASS, { s3BucketName: 'b', s3Key: 'k' }];
    expect(decodedRequest(pointer, ofType('byte')).offloaded?.attributes).toEqual({
      JMS_SQSMessageType: 'byte',
    });
  });
});

test('an ObjectMessage of JMS is the bytes of a Java object', () => {
  expect(decodedRequest('rO0ABXA=', ofType('object'))).toMatchObject({
    payload: { inline: Buffer.from([0xac, 0xed, 0, 5, 0x70]) },
    contentType: 'application/x-java-serialized-object',
  });
});

test('a TextMessage of JMS is its text', () => {
  const decoded = decodedRequest('eyJ4Ijo2fQ==', ofType('text'));
  expect(inlineText(decoded)).toBe('eyJ4Ijo2fQ==');
});
