import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { failure, type Outcome } from '../../../lib/core/model/outcome.ts';
import { encodeTrueFoundry } from '../../../lib/core/wire/encode-truefoundry.ts';
import { decodedAll } from '../../support/decoded.ts';
import { inlineOutcome, outcomeOf, STORED } from '../../support/outcomes.ts';

const NULLS = {
  tfy_request_id: null,
  tfy_published_at_epoch_ns: null,
  tfy_stream_response: false,
  tfy_request_headers: null,
  tfy_request_url_path: null,
  tfy_request_method: null,
};

function failed(message = 'no'): Outcome {
  return outcomeOf(failure(new PermanentError(message), 1));
}

/** The text of an outcome of the request in a message. */
function encoded(outcome: Outcome, body: unknown = {}): string {
  const [decoded] = decodedAll(body);
  if (!decoded) throw new Error('there is no request');
  return encodeTrueFoundry(outcome, { decoded, message: { id: 'message-1' } })?.body ?? '';
}

/** The text of the input in a failure. */
function inputOf(body: unknown): string {
  const text = encoded(failed(), body);
  const end = ',"status_code":null,"content_type":null}';
  expect(text.endsWith(end)).toBe(true);
  return text.slice(text.indexOf('"input_message":') + '"input_message":'.length, -end.length);
}

const names = fc.string().filter((name) => !name.startsWith('tfy_') && name !== '__proto__');

describe('the input of a failure', () => {
  test('has any body beside the fields', () => {
    fc.assert(
      fc.property(
        fc.dictionary(names, fc.jsonValue()),
        fc.boolean(),
        fc.constantFrom(0, 2),
        (body, sent, layout) => {
          fc.pre(!['specversion', 'Records'].some((name) => name in body));
          const fields = sent ? { ...NULLS, tfy_request_id: 'abc' } : {};
          const input = inputOf(JSON.stringify({ ...body, ...fields }, undefined, layout));
          const value = JSON.parse(JSON.stringify(body));
          expect(JSON.parse(input)).toEqual({ ...NULLS, ...fields, ...value });
          expect(Object.keys(JSON.parse(input)).filter((name) => name.startsWith('tfy_'))).toEqual(
            Object.keys(NULLS),
          );
        },
      ),
    );
  });

  test('is compact, with the digits and the characters as they were sent', () => {
    const fields =
      '"tfy_request_id":"a","tfy_published_at_epoch_ns":1795867200000000001,"tfy_stream_response":true';
    const body = `{ "n" : [ 1.0, 12345678901234567890 ], "t": "\\u00e4 \\u2028", ${fields} }`;
    expect(inputOf(body)).toBe(
      `{${fields},"tfy_request_headers":null,"tfy_request_url_path":null,"tfy_request_method":null,"n":[1.0,12345678901234567890],"t":"ä \u2028"}`,
    );
  });

  test('of the first generation is written as the second one', () => {
    const first = { request_id: 'a', request_headers: { b: ['c'] }, stream_response: true };
    const fields = {
      ...NULLS,
      tfy_request_id: 'a',
      tfy_request_headers: { b: ['c'] },
      tfy_stream_response: true,
    };
    expect(JSON.parse(inputOf({ ...first, body: { x: 1, tfy_request_id: 'b' } }))).toEqual({
      ...fields,
      x: 1,
    });
    expect(JSON.parse(inputOf({ ...first, body: [1] }))).toEqual({ ...fields, body: [1] });
  });

  test.each([
    ['text', 'text'],
    ['an array', [1]],
    ['an invalid message', { tfy_request_id: 'a b' }],
    ['a claim check', { specversion: '1.0', id: 'i', source: '/s', type: 't', dataref: 's3://payloads/a' }],
  ])('is null for %s, which the library could not have sent', (_, body) => {
    expect(inputOf(body)).toBe('null');
  });
});

test('a text keeps any characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text.isWellFormed());
      expect(JSON.parse(encoded(failed(text))).error).toBe(text.slice(0, 4_096));
      expect(JSON.parse(encoded(inlineOutcome(text, 'text/plain'))).body).toBe(text);
    }),
  );
  expect(encoded(inlineOutcome('\ufffe\u2028ä\u0007', 'text/plain'))).toContain(
    '"body":"\\ufffe\u2028ä\\u0007"',
  );
});

test('a result that is JSON stays as it is', () => {
  const json = '{"n":12345678901234567890,"m":1.0}';
  expect(encoded(inlineOutcome(json))).toContain(`"body":${json},`);
  expect(encoded(inlineOutcome('{', 'application/json'))).toContain('"body":"{",');
});

test('a response is text, with its status and its type', () => {
  const response = { status: 201, contentType: null };
  const outcome = outcomeOf({
    status: 'succeeded',
    result: { bytes: Buffer.from('{"a":1}'), contentType: 'application/json', response },
  });
  expect(encoded(outcome)).toBe(
    '{"request_id":"r-1","status":"SUCCESS","body":"{\\"a\\":1}","error":null,"input_message":null,"status_code":"201","content_type":null}',
  );
});

test.each([
  ['is not text', inlineOutcome(Buffer.from([0xff]), 'image/png')],
  ['is stored', outcomeOf({ status: 'succeeded', result: STORED })],
])('a result that %s has no form', (_, outcome) => {
  expect(encodeTrueFoundry(outcome)).toBeUndefined();
});

test('an empty text of a failure is a text', () => {
  expect(encoded(failed(''))).toContain('"error":"",');
});
