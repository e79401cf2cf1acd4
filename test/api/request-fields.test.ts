import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProblemError } from '../../lib/api/problem.ts';
import {
  checkedMetadata,
  contentTypeOf,
  expiryOf,
  idempotencyKeyOf,
  metadataOfHeaders,
} from '../../lib/api/request-fields.ts';
import { START } from '../support/test-clock.ts';

/** Status, code and detail of what is thrown. */
function refusal(of: () => unknown): string {
  try {
    of();
  } catch (error) {
    if (error instanceof ProblemError)
      return `${error.problem.status} ${error.problem.code}: ${error.problem.detail}`;
    throw error;
  }
  throw new Error('It was not refused');
}

describe('an idempotency key', () => {
  test.each([
    ['k', 'k'],
    ['"k"', 'k'],
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['"', '"'],
    ['"a', '"a'],
    ['a"', 'a"'],
    ['"a"b"', 'a"b'],
    ['"""', '"'],
    ['a b', 'a b'],
    ['" a "', ' a '],
    ["'; DROP TABLE keys; --", "'; DROP TABLE keys; --"],
    ['~', '~'],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('%s is %s', (header, key) => {
    expect(idempotencyKeyOf('Idempotency-Key', header)).toBe(key);
  });

  test('may be missing', () => {
    expect(idempotencyKeyOf('Idempotency-Key', undefined)).toBeUndefined();
  });

  test.each([
    '',
    '""',
    'x'.repeat(256),
    `"${'x'.repeat(256)}"`,
    'ü',
    'a\tb',
    'a\u007fb',
    'a\nb',
    '\u0000',
    '🧥',
  ])('%j is none', (header) => {
    expect(refusal(() => idempotencyKeyOf('Idempotency-Key', header))).toMatch(
      /^400 request_malformed: Idempotency-Key must have 1 to 255/,
    );
  });

  test('too long is shown in short', () => {
    const shown = refusal(() => idempotencyKeyOf('Idempotency-Key', 'x'.repeat(100_000)));
    expect(shown).toContain('got 100000: "xxx');
    expect(shown.length).toBeLessThan(300);
  });
});

describe('an expiry', () => {
  test('is a time to come', () => {
    expect(expiryOf('X', '2026-01-31T12:00:00.001Z', START)).toBe(START + 1);
    expect(expiryOf('X', '2026-01-31T13:00:01+01:00', START)).toBe(START + 1000);
    expect(expiryOf('X', undefined, START)).toBeUndefined();
  });

  test.each([
    ['2026-01-31T12:00:00Z', 'X must be in the future, got "2026-01-31T12:00:00Z"'],
    ['1970-01-01T00:00:00Z', 'X must be in the future, got "1970-01-01T00:00:00Z"'],
    ['1800000000', 'X must be a time like 2026-01-31T12:00:00Z, got "1800000000"'],
    ['', 'X must be a time like 2026-01-31T12:00:00Z, got ""'],
    ['2027-02-30T00:00:00Z', 'X must be a time like 2026-01-31T12:00:00Z, got "2027-02-30T00:00:00Z"'],
  ])('%s is none', (text, detail) => {
    expect(refusal(() => expiryOf('X', text, START))).toBe(`400 request_malformed: ${detail}`);
  });
});

describe('metadata', () => {
  test('are the headers of that name and the members of one, and no others', () => {
    const headers = new Headers([
      ['Coatcheck-Metadata-Customer', 'acme'],
      ['coatcheck-metadata-order.no_1', 'a=b; c'],
      ['X-Coatcheck-Metadata-A', 'not one'],
      ['Coatcheck-Expires-At', 'not one'],
    ]);
    expect(metadataOfHeaders(headers)).toEqual({ customer: 'acme', 'order.no_1': 'a=b; c' });
    expect(metadataOfHeaders(new Headers())).toEqual({});
    headers.append('coatcheck-metadata', '{"order_id":"17"}');
    expect(metadataOfHeaders(headers)).toEqual({ customer: 'acme', 'order.no_1': 'a=b; c', order_id: '17' });
    headers.append('coatcheck-metadata-order_id', '18');
    expect(refusal(() => metadataOfHeaders(headers))).toBe(
      '400 request_malformed: The metadata order_id has a header of its own and is in Coatcheck-Metadata',
    );
  });

  test('whose names differ in case only are one, as all headers are', () => {
    const headers = new Headers([
      ['Coatcheck-Metadata-A', 'b'],
      ['coatcheck-metadata-a', 'c'],
    ]);
    expect(metadataOfHeaders(headers)).toEqual({ a: 'b, c' });
  });

  test.each(['constructor', 'tostring', 'hasownproperty', 'x-amz-meta-a', '0', 'a'.repeat(64)])(
    'may be called %s',
    (name) => {
      expect(Object.entries(checkedMetadata({ [name]: 'v' }))).toEqual([[name, 'v']]);
      expect(Object.entries(metadataOfHeaders(new Headers({ [`coatcheck-metadata-${name}`]: 'v' })))).toEqual(
        [[name, 'v']],
      );
    },
  );

  test.each(['', 'A', '-a', '_a', '.a', 'a b', 'a\r\nb', 'ü', 'a:', 'a'.repeat(65)])(
    'may not be called %j',
    (name) => {
      expect(refusal(() => checkedMetadata({ [name]: 'v' }))).toMatch(
        /^400 request_malformed: A metadata name must be/,
      );
    },
  );

  test('named __proto__ are refused, and nothing is polluted', () => {
    const refused = refusal(() => metadataOfHeaders(new Headers({ 'coatcheck-metadata-__proto__': 'v' })));
    expect(refused).toContain('A metadata name must be');
    expect(refusal(() => checkedMetadata(JSON.parse('{"__proto__":"v"}')))).toContain(
      'A metadata name must be',
    );
  });

  test.each(['', ' a', 'a ', 'a\tb', 'a\r\nx-amz-meta-b: c', 'ü', '\u0000', 'a\u007f', '\ud800'])(
    'may not be %j',
    (value) => {
      expect(refusal(() => checkedMetadata({ name: value }))).toMatch(
        /^400 request_malformed: The metadata name must be printable/,
      );
    },
  );

  test('have 2,048 characters at most, names and values together', () => {
    const values = { a: 'x'.repeat(1_000), b: 'x'.repeat(1_046) };
    expect(checkedMetadata(values)).toEqual(values);
    expect(refusal(() => checkedMetadata({ ...values, c: 'x' }))).toContain(
      'at most 2048 characters in total (names and values), got 2050',
    );
  });

  const names = fc.oneof(fc.stringMatching(/^[a-z0-9][\w.-]{0,5}$/), fc.string({ unit: 'binary' }));
  const values = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: 'binary' }));

  test('that are taken are a header’s name and value, whatever they are', () => {
    fc.assert(
      fc.property(fc.dictionary(names, values, { maxKeys: 3 }), (metadata) => {
        let taken: Record<string, string>;
        try {
          taken = checkedMetadata(metadata);
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError);
          return;
        }
        const headers = new Headers(
          Object.entries(taken).map(([name, value]) => [`x-amz-meta-${name}`, value]),
        );
        for (const [name, value] of Object.entries(metadata))
          expect(headers.get(`x-amz-meta-${name}`)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a content type', () => {
  test.each([
    'text/plain',
    'TEXT/plain; charset="utf-8"',
    "multipart/form-data;boundary=--a'b",
    'application/vnd.api+json ; profile="a\\"b c";',
    'text/plain;',
    `x/${'y'.repeat(253)}`,
  ])('may be %s', (contentType) => {
    expect(contentTypeOf('Content-Type', contentType)).toBe(contentType);
  });

  test.each([
    '',
    ' text/plain',
    'text/ü',
    'text/plain\r\nX: y',
    'text/plain\n',
    '\u0000',
    'garbage',
    'text/',
    '/csv',
    'text/csv/x',
    'text/csv, text/csv',
    'text/csv; charset',
    'text/csv; charset=a b',
    'text/csv; charset="utf-8',
    `x/${'y'.repeat(254)}`,
    `x/y${'; '.repeat(120)}!`,
  ])('D5: may not be %j', (contentType) => {
    expect(refusal(() => contentTypeOf('Content-Type', contentType))).toMatch(
      /^415 content_type_invalid: Content-Type must be a media type like text\/csv .* got "/,
    );
  });
});
