import { expect, test } from 'vitest';
import { quote } from '../../../lib/core/base/quote.ts';

test.each([
  ['text', '"text"'],
  ['a "b"\n', '"a \\"b\\"\\n"'],
  ['', '""'],
  [undefined, 'nothing'],
  [null, 'null'],
  [{ a: [1] }, '{"a":[1]}'],
  [5, '5'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [10n, '10'],
])('quotes %o as %s', (value, quoted) => {
  expect(quote(value)).toBe(quoted);
});

test('shortens a long text and keeps its closing quote', () => {
  expect(quote('x'.repeat(1_000))).toBe(`"${'x'.repeat(100)}"`);
  expect(quote('xyz', 2)).toBe('"xy"');
});

test('shortens other long values', () => {
  expect(quote(Array(1_000).fill(1))).toHaveLength(100);
});

test('escapes half of a pair of surrogates', () => {
  expect(quote('a🧥', 2)).toBe('"a\\ud83e"');
});
