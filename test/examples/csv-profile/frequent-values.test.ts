import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrequentValues } from '../../../examples/csv-profile/frequent-values.ts';

function counted(values: readonly string[], capacity: number) {
  const settled = new Map<string, number>();
  const table = new FrequentValues<string>(
    capacity,
    (value) => value,
    (value, times) => settled.set(value, (settled.get(value) ?? 0) + times),
  );
  for (const value of values) table.add(value);
  table.settle();
  return { table, settled, found: new Map([...table.frequent()].map(({ value, count }) => [value, count])) };
}

function truth(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Few frequent values among many rare ones. */
const skewed = fc.array(
  fc
    .oneof(
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 4 }) },
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 500 }) },
    )
    .map(String),
  { maxLength: 2_000, size: 'max' },
);
const capacities = fc.integer({ min: 2, max: 40 });

describe('FrequentValues', () => {
  it('is exact while every value has a place', () => {
    fc.assert(
      fc.property(skewed, (values) => {
        const { table, found } = counted(values, 501);
        expect(table.undercount).toBe(0);
        expect(found).toEqual(truth(values));
      }),
    );
  });

  it('falls short by no more than it says, which is at most 2n / capacity', () => {
    fc.assert(
      fc.property(skewed, capacities, (values, capacity) => {
        const { table, found } = counted(values, capacity);
        expect(table.undercount).toBeLessThanOrEqual((2 * values.length) / capacity);
        for (const [value, count] of truth(values)) {
          const atLeast = found.get(value) ?? 0;
          expect(atLeast).toBeLessThanOrEqual(count);
          if (found.has(value)) expect(atLeast + table.undercount).toBeGreaterThanOrEqual(count);
        }
      }),
    );
  });

  it('finds every value that is frequent enough, and none of the others', () => {
    fc.assert(
      fc.property(skewed, capacities, (values, capacity) => {
        const { table, found } = counted(values, capacity);
        const counts = truth(values);
        for (const [value, count] of counts) {
          if (count > 2 * table.undercount) expect(found.has(value)).toBe(true);
        }
        for (const value of found.keys()) expect(counts.get(value)).toBeGreaterThan(table.undercount);
      }),
    );
  });

  it('hands over each occurrence once', () => {
    fc.assert(
      fc.property(skewed, capacities, (values, capacity) => {
        expect(counted(values, capacity).settled).toEqual(truth(values));
      }),
    );
  });
});
