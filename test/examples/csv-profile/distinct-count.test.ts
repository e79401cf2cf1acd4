import { describe, expect, it } from 'vitest';
import { DistinctCount } from '../../../examples/csv-profile/distinct-count.ts';

const STANDARD_ERROR = 1.04 / Math.sqrt(2 ** 14);

function estimate(size: number, toValue: (index: number) => string): number {
  const count = new DistinctCount();
  for (let index = 0; index < size; index++) count.add(toValue(index));
  return count.estimate();
}

const day = (index: number) => new Date(index * 86_400_000).toISOString();

describe('DistinctCount', () => {
  it.each([
    ['consecutive numbers', String],
    ['decimals', (index: number) => (index * 0.001).toFixed(3)],
    ['numbers in columns', (index: number) => String(index).padStart(12, '0')],
    ['dates', day],
    ['words', (index: number) => `${index.toString(36)} street ${(index * 7919).toString(26)}`],
    ['CJK characters', (index: number) => String.fromCodePoint(0x4e00 + (index % 20_000)) + index],
  ])('is right within four standard errors, for %s', (_, toValue) => {
    for (const size of [1_000, 10_000, 40_000, 100_000, 400_000]) {
      expect(Math.abs(estimate(size, toValue) / size - 1)).toBeLessThan(4 * STANDARD_ERROR);
    }
  });

  it('has the error it claims: on the average of 200 samples', () => {
    const size = 20_000;
    const errors = Array.from({ length: 200 }, (_, sample) => {
      return estimate(size, (index) => `${sample}:${index}`) / size - 1;
    });
    const bias = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const spread = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(Math.abs(bias)).toBeLessThan(STANDARD_ERROR / 4);
    expect(spread).toBeLessThan(1.2 * STANDARD_ERROR);
  });

  it('counts what comes again once', () => {
    const once = estimate(5_000, String);
    expect(estimate(50_000, (index) => String(index % 5_000))).toBe(once);
  });

  it('is next to exact for few values', () => {
    expect(estimate(0, String)).toBe(0);
    expect(estimate(1, String)).toBe(1);
    expect(estimate(100, String)).toBeGreaterThan(97);
    expect(estimate(100, String)).toBeLessThan(103);
  });
});
