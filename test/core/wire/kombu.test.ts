import { describe, expect, test } from 'vitest';
import { decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';

/** A message as kombu writes it, before it encodes the whole. */
function kombu(given: object = {}, properties: object = {}): object {
  return {
    body: Buffer.from('{"x": 6}').toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: {},
    properties: { delivery_mode: 2, body_encoding: 'base64', delivery_tag: 'tag-1', ...properties },
    ...given,
  };
}

/** Encodes a message as kombu does: with the spaces of Python's JSON. */
function encoded(message: object): string {
  const json = JSON.stringify(message, null, 1).replaceAll(/\n\s*/g, ' ').replace('{ ', '{');
  return Buffer.from(json).toString('base64');
}

describe('a message of kombu', () => {
  test.each([encoded(kombu()), kombu()])('is decoded: %j', (message) => {
    const decoded = decodedRequest(message);
    expect(inlineText(decoded)).toBe('{"x": 6}');
    expect(decoded).toMatchObject({ id: 'message-1', contentType: 'application/json', metadata: {} });
  });

  test('may have bytes', () => {
    const binary = { body: 'AP8=', 'content-encoding': 'binary', 'content-type': 'application/data' };
    const { payload, contentType } = decodedRequest(encoded(kombu(binary)));
    expect(payload).toMatchObject({ inline: Buffer.from([0, 255]) });
    expect(contentType).toBe('application/data');
  });

  test('has its headers as attributes, and those of the message before them', () => {
    const message = encoded(kombu({ headers: { Tenant: 'acme', Topic: 'a', n: 5, none: null, list: [1] } }));
    expect(decodedRequest(message, { attributes: { Topic: 'b' } })).toMatchObject({
      tenant: 'acme',
      topic: 'b',
      metadata: { n: '5' },
    });
  });

  test.each([
    [{}, { message_id: 'given' }, 'given'],
    [{ task: 'tasks.add', id: 'task-1' }, { correlation_id: 'task-1' }, 'task-1'],
    [{ id: 'no task' }, {}, 'message-1'],
    [{}, { message_id: '' }, 'message-1'],
    [{}, { message_id: 'a\nb' }, 'message-1'],
    [{ task: 'tasks.add', id: 'x'.repeat(257) }, {}, 'message-1'],
  ])('with the headers %j and properties %j has the id %s', (headers, properties, id) => {
    expect(decodedRequest(encoded(kombu({ headers }, properties))).id).toBe(id);
  });

  test('that is compressed is rejected', () => {
    const { rejection } = rejectedRequest(encoded(kombu({ headers: { compression: 'application/x-gzip' } })));
    expect(rejection).toMatchObject({ code: 'envelope_malformed' });
    expect(rejection.message).toContain('the body must not be compressed, got "application/x-gzip"');
  });

  test('whose body isn’t base64 is rejected', () => {
    expect(rejectedRequest(kombu({ body: 'a' })).rejection.message).toContain('body must be base64');
  });
});

test.each([
  { body: 'eA==', headers: {}, properties: {} },
  kombu({}, { body_encoding: null }),
  kombu({ headers: null }),
])('a payload like a message of kombu stays as it is: %j', (payload) => {
  expect(inlineText(decodedRequest(payload))).toBe(JSON.stringify(payload));
  expect(inlineText(decodedRequest(encoded(payload)))).toBe(encoded(payload));
});
