import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WeightedTurns } from '../../../lib/core/base/weighted-turns.ts';

const WEIGHTS = new Map([
  ['high', 6],
  ['normal', 3],
  ['low', 1],
]);

test('each key gets as many of ten turns as its weight, spread evenly', () => {
  const turns = new WeightedTurns(WEIGHTS);
  const given = Array.from({ length: 20 }, () => turns.next(() => true));
  const ten = ['high', 'normal', 'high', 'high', 'high', 'normal', 'high', 'low', 'normal', 'high'];
  for (const half of [given.slice(0, 10), given.slice(10)]) {
    expect(half.toSorted()).toEqual(ten.toSorted());
  }
});

test('nobody who wants none gets one', () => {
  const turns = new WeightedTurns(WEIGHTS);
  expect(turns.next(() => false)).toBeUndefined();
  expect(Array.from({ length: 3 }, () => turns.next((key) => key === 'low'))).toEqual(['low', 'low', 'low']);
});

test('property: whoever wants turns gets its share of those since it began to, and saves up none before', () => {
  fc.assert(
    fc.property(fc.array(fc.subarray(['high', 'normal', 'low']), { maxLength: 12 }), (wantings) => {
      const turns = new WeightedTurns(WEIGHTS);
      for (const wanting of wantings) {
        turns.next((key) => wanting.includes(key));
      }
      // High begins anew, and waits for no more than one other turn.
      turns.next((key) => key !== 'high');
      const next = [turns.next(() => true), turns.next(() => true)];
      expect(next).toContain('high');
    }),
  );
});
