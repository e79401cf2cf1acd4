import { expect, test } from 'vitest';
import { contentTypeProblem, isJsonType, isTextType } from '../../../lib/core/base/media-type.ts';

test.each([
  ['application/json', true, false],
  ['APPLICATION/JSON; charset=utf-8', true, false],
  ['application/cloudevents+json', true, false],
  ['text/json', true, true],
  ['text/plain', false, true],
  ['Text/CSV;header=present', false, true],
  ['image/svg+xml', false, true],
  ['application/xml', false, true],
  ['application/octet-stream', false, false],
  ['application/jsonlines', false, false],
  ['application/x; a=text/plain', false, false],
  ['', false, false],
])('%j is JSON: %s, text: %s', (contentType, json, text) => {
  expect(isJsonType(contentType)).toBe(json);
  expect(isTextType(contentType)).toBe(text);
});

test.each(['a', 'text/plain; charset="utf-8"', 'x'.repeat(255)])(
  '%.20j can be a content type',
  (contentType) => {
    expect(contentTypeProblem(contentType)).toBeUndefined();
  },
);

test.each(['', ' text/plain', 'text/ü', 'a\nb', 'a\u0000', 'x'.repeat(256)])('%.20j can’t', (contentType) => {
  expect(contentTypeProblem(contentType)).toContain(
    'a content type must have 1 to 255 printable ASCII characters, got "',
  );
});
