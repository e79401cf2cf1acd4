import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodedRequest, inlineText, rejectedRequest } from '../../support/decoded.ts';
import { TRUEFOUNDRY_SAMPLES } from '../../support/truefoundry-samples.ts';

const FIELDS = {
  tfy_request_id: 'abc',
  tfy_published_at_epoch_ns: 1_795_867_200_000_000_000,
  tfy_stream_response: true,
  tfy_request_headers: { 'X-Note': 'a', accept: ['b', 'c'] },
  tfy_request_url_path: '/v2/predict?a=b',
  tfy_request_method: 'put',
};

const READ = {
  id: 'abc',
  source: '',
  contentType: 'application/json',
  submittedAt: 1_795_867_200_000,
  streamed: true,
  http: {
    method: 'put',
    path: '/v2/predict?a=b',
    headers: { 'X-Note': 'a', accept: ['b', 'c'] },
  },
};

describe('the second generation', () => {
  test('has fields that start with tfy_, and everything else is the body', () => {
    const request = decodedRequest({ x: 1, ...FIELDS, nested: { tfy_request_id: 'other' } });
    expect(request).toMatchObject(READ);
    expect(inlineText(request)).toBe('{"x":1,"nested":{"tfy_request_id":"other"}}');
    expect(request.payload).toMatchObject({ json: { value: { x: 1, nested: { tfy_request_id: 'other' } } } });
  });

  test.each(Object.entries(FIELDS))('is recognized by %s alone', (name, value) => {
    const request = decodedRequest({ [name]: value, x: 1 });
    expect(inlineText(request)).toBe('{"x":1}');
    expect(request.id).toBe(name === 'tfy_request_id' ? 'abc' : 'message-1');
  });

  test.each([null, undefined])('without an id (%s) has that of the message', (tfy_request_id) => {
    expect(decodedRequest({ tfy_request_id, tfy_stream_response: false })).toMatchObject({ id: 'message-1' });
    const attributes = { RequestId: 'r-1' };
    expect(decodedRequest({ tfy_request_id, tfy_stream_response: false }, { attributes }).id).toBe('r-1');
  });

  test('without a wish says nothing about a call', () => {
    const request = decodedRequest({
      tfy_request_id: 'a',
      tfy_request_method: null,
      tfy_request_headers: null,
    });
    expect(request).not.toHaveProperty('http');
    expect(request).not.toHaveProperty('streamed');
  });

  test('keeps the digits of the body', () => {
    const body = '{"tfy_request_id":"a","n":12345678901234567890, "m": 1.0}';
    expect(inlineText(decodedRequest(body))).toBe('{"n":12345678901234567890,"m":1.0}');
  });

  test('has any JSON as its body', () => {
    const names = fc.string().filter((name) => !name.startsWith('tfy_') && name !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), fc.constantFrom(0, 2), (body, layout) => {
        fc.pre(!('specversion' in body || 'Records' in body));
        const request = decodedRequest(JSON.stringify({ ...body, ...FIELDS }, undefined, layout));
        const value = JSON.parse(JSON.stringify(body));
        expect(JSON.parse(inlineText(request))).toEqual(value);
        expect(request.payload).toMatchObject({ json: { value } });
      }),
    );
  });

  test('reads what the library accepts where it means something else', () => {
    expect(
      decodedRequest({
        tfy_request_id: 17,
        tfy_published_at_epoch_ns: '1795867200000000000',
        tfy_stream_response: 'Yes',
        tfy_request_headers: { a: 1 },
      }),
    ).toMatchObject({
      id: '17',
      submittedAt: 1_795_867_200_000,
      streamed: true,
      http: { headers: { a: '1' } },
    });
    expect(decodedRequest({ tfy_published_at_epoch_ns: 1e18, tfy_stream_response: 0 })).toMatchObject({
      submittedAt: 1_000_000_000_000,
    });
  });

  test.each(TRUEFOUNDRY_SAMPLES.filter((sample) => !/bad id|bare/.test(sample.case)))(
    'is what the library sends: $case',
    ({ in: body }) => {
      expect(decodedRequest(body)).toMatchObject({ contentType: 'application/json' });
    },
  );
});

describe('the first generation', () => {
  const first = Object.fromEntries(
    Object.entries(FIELDS).map(([name, value]) => [name.replace(/^tfy_/, ''), value]),
  );

  test('has a member for the body', () => {
    const request = decodedRequest({ ...first, body: { x: 1 } });
    expect(request).toMatchObject(READ);
    expect(inlineText(request)).toBe('{"x":1}');
  });

  test('has any JSON as its body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        const request = decodedRequest({ request_id: 'a', body });
        const value = JSON.parse(JSON.stringify(body));
        expect(JSON.parse(inlineText(request))).toEqual(value);
        expect(request).toMatchObject({ id: 'a', payload: { json: { value } } });
      }),
    );
  });

  test.each([
    ['another member', { request_id: 'a', body: 1, more: 2 }],
    ['no body', { request_id: 'a' }],
    ['no id', { body: 1 }],
  ])('with %s is a payload', (_, body) => {
    const request = decodedRequest(body);
    expect(request.id).toBe('message-1');
    expect(inlineText(request)).toBe(JSON.stringify(body));
  });
});

describe('an invalid message is rejected', () => {
  test.each([
    ['tfy_request_id', 'a b', 'tfy_request_id must have 1 to 36 letters, digits and hyphens, got "a b"'],
    ['tfy_request_id', '', 'tfy_request_id must have 1 to 36 letters, digits and hyphens, got ""'],
    ['tfy_request_id', 'x'.repeat(37), 'letters, digits and hyphens'],
    ['tfy_request_id', {}, 'got {}'],
    ['tfy_published_at_epoch_ns', 'soon', 'must be a time in nanoseconds since 1970, got "soon"'],
    ['tfy_published_at_epoch_ns', 1e300, 'must be a time in nanoseconds'],
    ['tfy_stream_response', 'perhaps', 'tfy_stream_response must be true or false, got "perhaps"'],
    ['tfy_request_headers', ['a'], 'must be an object of strings and lists of strings, got ["a"]'],
    ['tfy_request_headers', { a: {} }, 'got {"a":{}}'],
    ['tfy_request_url_path', 1, 'tfy_request_url_path must be a text, got 1'],
  ])('%s %j', (name, value, problem) => {
    const { rejection } = rejectedRequest({ tfy_request_id: 'r-1', [name]: value });
    expect(rejection).toMatchObject({
      code: 'envelope_malformed',
      message: expect.stringContaining(problem),
    });
    expect(rejection.message).toMatch(/^TrueFoundry message: /);
  });

  test.each([
    [{ tfy_request_id: 'a b' }, 'a b'],
    [{ tfy_request_id: 'a', tfy_stream_response: 'x' }, 'a'],
    [{ tfy_request_id: 1e300 }, 'message-1'],
    [{ tfy_stream_response: 'x' }, 'message-1'],
    [{ request_id: 'a b', body: 1 }, 'a b'],
  ])('%j, under an id that its sender knows', (body, id) => {
    expect(rejectedRequest(body).id).toBe(id);
  });
});

describe('the place in the order of envelopes', () => {
  test.each([
    ['a CloudEvent', { specversion: '1.0', id: 'event', source: '/s', type: 't', data: 1 }, 'event'],
    [
      'an event of EventBridge',
      {
        source: 'aws.s3',
        detail: {},
        'detail-type': 'Object Created',
        id: 'e',
        account: 'a',
        region: 'r',
        time: 't',
      },
      'abc',
    ],
    [
      'a notification of SNS',
      {
        Type: 'Notification',
        MessageId: '00000000-0000-0000-0000-000000000000',
        TopicArn: 'arn:aws:sns:r:a:t',
        Message: 'm',
        Timestamp: 't',
      },
      'abc',
    ],
  ])('%s with tfy_ members', (_, members, id) => {
    expect(decodedRequest({ ...members, tfy_request_id: 'abc' }).id).toBe(id);
  });
});
