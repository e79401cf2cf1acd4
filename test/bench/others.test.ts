import { expect, test } from 'vitest';
import { BENCHMARKS, DEPLOYING, exerciseBenchmarks } from './benchmarks.ts';

const others = BENCHMARKS.filter((file) => !DEPLOYING.includes(file));

test('E15: npm run bench runs the benchmarks that deploy nothing', () => {
  expect(others).toEqual(
    expect.arrayContaining(['bench/engine-overhead.ts', 'bench/calls.ts', 'bench/loss.ts']),
  );
});

exerciseBenchmarks(others);
