import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonInvalid, JsonTooDeep } from '../../../lib/core/base/errors.ts';
import { compactJson, leadingMembers, memberTexts, parseJson } from '../../../lib/core/base/json.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Without backslashes: V8 13.6 takes an escaped name for a lone backslash if it has seen one in a like object. */
const names = fc.string({ unit: fc.constantFrom('[', '}', '"', 'a', ',') });

/** JSON with strings full of brackets, quotes and backslashes, laid out in one of several ways. */
const tricky = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 8 }, tie('leaf'), tie('array'), tie('object')),
  leaf: fc.oneof(
    fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', ',', ':', 'a', '\n', 'ü') }),
    fc.integer(),
    fc.constantFrom(null, true, false),
  ),
  array: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(names, tie('value'), {
    maxKeys: 3,
  }),
})).value;
const layouts = fc.constantFrom(undefined, 2, '\t');

describe('parseJson', () => {
  test('allows exactly what nests as deep as allowed', () => {
    fc.assert(
      fc.property(tricky, layouts, (value, layout) => {
        const text = JSON.stringify(value, undefined, layout);
        const depth = depthOf(value);
        expect(parseJson(text, 'It', depth)).toEqual(value);
        if (depth > 0) expect(() => parseJson(text, 'It', depth - 1)).toThrow(JsonTooDeep);
      }),
      { numRuns: 1_000 },
    );
  });

  test('refuses a bomb, and says which text and what is allowed', () => {
    const bomb = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
    expect(() => parseJson(bomb, 'The payload', 128)).toThrow(new JsonTooDeep('The payload', 128));
  });

  test('refuses a bomb of more than a MiB before it is parsed, JSON or not', () => {
    expect(() => parseJson('['.repeat(1_048_577), 'The payload', 128)).toThrow(JsonTooDeep);
    expect(() => parseJson('['.repeat(1_048_576), 'The payload', 128)).toThrow(JsonInvalid);
  });

  test('takes a long text that nests as deep as allowed', () => {
    const items = Array.from({ length: 600_000 }, () => 1);
    expect(parseJson(JSON.stringify([[items]]), 'It', 3)).toEqual([[items]]);
    expect(() => parseJson(JSON.stringify([[items]]), 'It', 2)).toThrow(JsonTooDeep);
  });

  test.each(['', '{', '"', '"\\', '{"a":}', 'undefined', '[1,]', '01', "{'a':1}", '"\u0001"'])(
    '%j is not JSON',
    (text) => {
      expect(() => parseJson(text, 'The payload', 128)).toThrow(JsonInvalid);
    },
  );

  test.each([
    '{"password": hunter2}',
    'hunter2',
    '"hunter2',
    '["hunter2" "hunter2"]',
    '{"hunter2", 1}',
    `[${'"hunter2",'.repeat(20)}hunter2, ${'"hunter2",'.repeat(20)}]`,
    '{"hunter2": 1, "hunter2"}',
    '"hunter2\n"',
    'undefined, "hunter2"',
  ])('%j is quoted nowhere: errors are logged, and payloads are not', (text) => {
    const error: unknown = parsingError(text);
    expect(error).toBeInstanceOf(JsonInvalid);
    expect(error instanceof Error && error.message).toMatch(/^It is not JSON(?:: (?:(?!hunt|unter2).)+)?$/);
    expect(error instanceof Error && error.stack).not.toContain('hunter2');
  });

  test('whatever comes, a value or one of two errors', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', ',', ':', '1') }),
        (text) => {
          try {
            expect(JSON.parse(text)).toEqual(parseJson(text, 'It', 100));
          } catch (error) {
            expect(error instanceof SyntaxError ? parsingError(text) : error).toBeInstanceOf(JsonInvalid);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

function parsingError(text: string): unknown {
  try {
    parseJson(text, 'It', 100);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('memberTexts', () => {
  test('gives the text every member was written as', () => {
    fc.assert(
      fc.property(fc.dictionary(names, tricky), layouts, (object, layout) => {
        const text = JSON.stringify(object, undefined, layout);
        for (const [name, value] of Object.entries(object)) {
          const member = memberTexts(text).get(name);
          expect(member === undefined ? 'missing' : JSON.parse(member)).toEqual(value);
          expect(text).toContain(member);
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['{"a":1,"b" : [1, 2] ,"c":3}', 'b', '[1, 2]'],
    [' \n{ "b":12345678901234567890\n}\n', 'b', '12345678901234567890'],
    ['{"b":1,"b":2}', 'b', '2'],
    ['{"a":{"b":1}}', 'b', undefined],
    ['{"a":"\\"b\\":1","b":2}', 'b', '2'],
    ['{"\\u0062":1}', 'b', '1'],
    ['{}', 'b', undefined],
  ])('in %s, %s is %j', (json, name, text) => {
    expect(memberTexts(json).get(name)).toBe(text);
  });
});

describe('leadingMembers', () => {
  test.each([
    ['{"b":1}', true],
    [' { "a" : [1, {"x": "}"}] , "b" : 1}', true],
    ['{"a":"\\"b\\":", "b"', true],
    ['{"a":{"b":1}}', false],
    ['{"a":1, "c', false],
    ['{"a":"b", "c":', false],
    ['[{"b":1}]', false],
    ['{"a" "b":1}', false],
    ['{"a":1 "b":2}', false],
    ['{"a"', false],
    ['{', false],
    ['', false],
  ])('of %s', (text, found) => {
    expect(leadingMembers(text).includes('b')).toBe(found);
  });
});

describe('compactJson', () => {
  test('removes white space and needless escapes, and changes no value', () => {
    fc.assert(
      fc.property(tricky, layouts, (value, layout) => {
        expect(compactJson(JSON.stringify(value, undefined, layout))).toBe(JSON.stringify(value));
      }),
    );
  });

  test('keeps the digits of numbers', () => {
    const compact = '[1.0,1e5,-0.0,12345678901234567890]';
    expect(compactJson(' [1.0, 1e5,\n-0.0,\t12345678901234567890 ] ')).toBe(compact);
  });

  test('writes other characters than ASCII as they are', () => {
    expect(compactJson('{"h\\u00e4": "\\u20ac \\ud83d\\ude00 \\u0007 \\/"}')).toBe('{"hä":"€ 😀 \\u0007 /"}');
  });
});
