import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCloudEventHeader, encodeCloudEventHeader } from '../../../lib/core/wire/cloudevent-header.ts';

// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md#3132-nats-header-values
test.each([
  ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
  ['1.0', '1.0'],
  ['/mycontext/subcontext', '/mycontext/subcontext'],
  ['2018-04-05T03:56:24Z', '2018-04-05T03:56:24Z'],
  ['say "100%"', 'say%20%22100%25%22'],
  ["!#$&'()*+,-./:;<=>?@[\\]^_`{|}~", "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"],
  ['a\r\nce-id: b\u007f', 'a%0D%0Ace-id:%20b%7F'],
  ['', ''],
])('the value %j is %s in a header', (value, header) => {
  expect(encodeCloudEventHeader(value)).toBe(header);
  expect(decodeCloudEventHeader(header)).toBe(value);
});

describe('a header of other senders', () => {
  test.each([
    ['codes in lower case', '%e2%82%ac', '€'],
    ['codes of characters that need none', '%41b%2e', 'Ab.'],
    ['codes that are decoded once only', '%2541', '%41'],
    ['a value in quotes', '"a \\"b\\" \\\\ %E2%82%AC"', 'a "b" \\ €'],
    ['a quote that is part of the value', 'a"b"', 'a"b"'],
    ['a percent sign that begins no code', '100%, %4', '100%, %4'],
    ['characters that should be encoded', 'Größe 5', 'Größe 5'],
  ])('with %s', (_, header, value) => {
    expect(decodeCloudEventHeader(header)).toBe(value);
  });

  test.each(['%C0%A0', '%FF', 'a%E2%82', '%ED%A0%80'])('that is not UTF-8 has no value: %s', (header) => {
    expect(decodeCloudEventHeader(header)).toBeUndefined();
  });
});

test('every text comes back from a header of printable ASCII without spaces', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      const header = encodeCloudEventHeader(value);
      expect(header).toMatch(/^[\x21-\x7e]*$/);
      expect(decodeCloudEventHeader(header)).toBe(value);
    }),
  );
});
