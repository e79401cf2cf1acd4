import { expect, test } from 'vitest';
import { keptMetadata } from '../../../lib/core/model/kept-metadata.ts';

test('a record keeps the metadata of declared keys', () => {
  const metadata = { order: '17', customer: 'acme', secret: 's3cr3t', Customer: 'other' };
  expect(keptMetadata(metadata, ['customer', 'region'])).toEqual({ customer: 'acme' });
});

test.each([
  [{ secret: 's3cr3t' }, ['customer']],
  [{ customer: 'acme' }, []],
  [{}, ['constructor', '__proto__']],
])('of %j and %j it keeps nothing', (metadata, names) => {
  expect(keptMetadata(metadata, names)).toBeUndefined();
});

test('a value that is too long is not kept, not even its beginning', () => {
  const metadata = { longest: 'ü'.repeat(64), longer: `${'ü'.repeat(64)}x` };
  expect(keptMetadata(metadata, ['longest', 'longer'])).toEqual({ longest: 'ü'.repeat(64) });
});

test('a record grows as docs/requests.md says', () => {
  const names = ['customer', 'order'];
  const metadata = keptMetadata({ customer: 'acme', order: '17' }, names);
  const bytes = (record: object) => Buffer.byteLength(JSON.stringify(record));
  expect(bytes({ attempts: 1, metadata }) - bytes({ attempts: 1 })).toBe(44);
});

test('any name is one of the record’s own', () => {
  const metadata = JSON.parse('{"__proto__":"x"}');
  const kept = keptMetadata(metadata, ['__proto__']);
  expect(JSON.stringify(kept)).toBe('{"__proto__":"x"}');
});
