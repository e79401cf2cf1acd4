import { expect, test } from 'vitest';
import { BENCHMARKS, DEPLOYING, exerciseBenchmarks } from './benchmarks.ts';

test('E15: npm run bench runs every benchmark that deploys', () => {
  expect(BENCHMARKS).toEqual(expect.arrayContaining([...DEPLOYING]));
});

exerciseBenchmarks(DEPLOYING);
