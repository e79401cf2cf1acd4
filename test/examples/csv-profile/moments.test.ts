import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Moments } from '../../../examples/csv-profile/moments.ts';

/** Exact sums of whole numbers, rounded once at the end. */
function exactly(values: readonly number[]): { mean: number; standardDeviation: number } {
  const n = BigInt(values.length);
  const sum = values.reduce((total, value) => total + BigInt(value), 0n);
  const squares = values.reduce((total, value) => total + BigInt(value) ** 2n, 0n);
  const variance = Number(n * squares - sum * sum) / Number(n * (n - 1n));
  return { mean: Number(sum) / Number(n), standardDeviation: Math.sqrt(variance) };
}

function momentsOf(values: readonly number[]): Moments {
  const moments = new Moments();
  for (const value of values) moments.add(value);
  return moments;
}

describe('Moments', () => {
  it('agrees with exact arithmetic', () => {
    const values = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), {
      minLength: 2,
      maxLength: 200,
    });
    fc.assert(
      fc.property(values, (sample) => {
        const moments = momentsOf(sample);
        const truth = exactly(sample);
        expect(moments.mean).toBeCloseTo(truth.mean, 6);
        expect(moments.standardDeviation).toBeCloseTo(truth.standardDeviation, 6);
      }),
    );
  });

  it('keeps its digits where values are large and close together', () => {
    const moments = momentsOf([4, 7, 13, 16].map((value) => value + 1e9));
    expect(moments.mean).toBe(1e9 + 10);
    expect(moments.standardDeviation).toBeCloseTo(Math.sqrt(30), 9);
  });

  it('takes a value with a weight for the value that many times', () => {
    const weighted = fc.array(
      fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 9 })),
      {
        minLength: 2,
      },
    );
    fc.assert(
      fc.property(weighted, (pairs) => {
        const moments = new Moments();
        for (const [value, times] of pairs) moments.add(value, times);
        const truth = exactly(pairs.flatMap(([value, times]) => Array<number>(times).fill(value)));
        expect(moments.mean).toBeCloseTo(truth.mean, 8);
        expect(moments.standardDeviation).toBeCloseTo(truth.standardDeviation, 8);
      }),
    );
  });

  it('has no mean of nothing and no deviation of one value', () => {
    expect(new Moments().mean).toBeUndefined();
    expect(momentsOf([3]).mean).toBe(3);
    expect(momentsOf([3]).standardDeviation).toBeUndefined();
  });
});
