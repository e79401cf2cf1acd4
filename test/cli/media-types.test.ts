import { expect, test } from 'vitest';
import { extensionOf, isReadable, typeOfFile } from '../../lib/cli/media-types.ts';

test.each([
  ['orders.csv', 'text/csv'],
  ['a/b.c/ORDERS.JSON', 'application/json'],
  ['orders.csv.gz', 'application/gzip'],
  ['.ndjson', 'application/x-ndjson'],
  ['orders', undefined],
  ['a.csv/orders', undefined],
  ['orders.', undefined],
  ['orders.constructor', undefined],
])('%s is %s', (name, type) => {
  expect(typeOfFile(name)).toBe(type);
});

test.each([
  ['text/csv; charset=utf-8', 'csv', true],
  ['Application/JSON', 'json', true],
  ['application/problem+json', 'json', true],
  ['image/svg+xml', 'svg', true],
  ['application/x-ndjson', 'ndjson', true],
  ['text/x-log', 'txt', true],
  ['image/jpeg', 'jpg', false],
  ['application/octet-stream', 'bin', false],
  ['', 'bin', false],
])('%s has the extension %s, readable: %s', (type, extension, readable) => {
  expect(extensionOf(type)).toBe(extension);
  expect(isReadable(type)).toBe(readable);
});
