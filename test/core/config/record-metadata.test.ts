import { expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/core/base/errors.ts';
import {
  assertRecordMetadata,
  recordMetadataProblem,
  recordMetadataVariable,
} from '../../../lib/core/config/record-metadata.ts';
import { readVariables } from '../../../lib/core/config/variables.ts';

test.each([[[]], [['customer']], [['customer', 'Order.Id', 'łódź', 'a'.repeat(128), 'e']]])(
  'records can keep %j',
  (names) => {
    expect(recordMetadataProblem('records.metadata', names)).toBeUndefined();
  },
);

test.each([
  ['customer', 'records.metadata must be a list of metadata names, such as ["customer"], got "customer"'],
  [['customer', ''], 'records.metadata[1] must be the name of a metadata entry'],
  [['customer id'], 'records.metadata[0] must be the name of a metadata entry'],
  [['a=b'], 'spaces and =, such as customer, got "a=b"'],
  [['metadata.customer'], 'without "metadata.": '],
  [['a'.repeat(129)], '1 to 128 characters'],
  [[17], 'got 17'],
  [['order', 'customer', 'order'], 'records.metadata must have different names, got order twice'],
  [
    ['a', 'b', 'c', 'd', 'e', 'f'],
    'records.metadata must have at most 5 names, so that records stay small, got 6',
  ],
])('records can’t keep %j', (names, problem) => {
  expect(recordMetadataProblem('records.metadata', names)).toContain(problem);
});

test('a program that declares others is refused', () => {
  expect(() => assertRecordMetadata(['a b'])).toThrow(ConfigurationError);
  expect(() => assertRecordMetadata(['a b'])).toThrow('recordMetadata[0]');
});

test('a variable declares them, separated by spaces', () => {
  const read = (text: string | undefined) =>
    readVariables({ names: recordMetadataVariable() }, { COATCHECK_RECORD_METADATA: text }, 'It').names;
  expect(read(undefined)).toEqual([]);
  expect(read('')).toEqual([]);
  expect(read(' customer  order ')).toEqual(['customer', 'order']);
  expect(() => read('customer order customer')).toThrow(
    'COATCHECK_RECORD_METADATA must have different names, got customer twice',
  );
});
