import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMetadataHeader, parseMetadataHeader } from '../../../lib/core/model/metadata-header.ts';

test('metadata is written as JSON in ASCII', () => {
  expect(formatMetadataHeader({ order_id: '17', ort: 'Köln 🧥' })).toBe(
    '{"order_id":"17","ort":"K\\u00f6ln \\ud83e\\udde5"}',
  );
});

test('what is written is a header value, and is read again', () => {
  const texts = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(fc.dictionary(texts, texts), (metadata) => {
      const text = formatMetadataHeader(metadata);
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect(Object.entries(parseMetadataHeader(text) ?? {})).toEqual(Object.entries(metadata));
    }),
  );
});

test.each(['', 'a=b', '[]', 'null', '"a"', '{"a":1}', '{"a":null}', '{"a":"b"}, {"c":"d"}'])(
  '%j is no metadata',
  (text) => {
    expect(parseMetadataHeader(text)).toBeUndefined();
  },
);
