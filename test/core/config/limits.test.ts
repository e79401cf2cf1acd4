import { describe, expect, test } from 'vitest';
import { allowanceProblem, assertLimits, limitsProblem, perSecond } from '../../../lib/core/config/limits.ts';
import { limitsVariable } from '../../../lib/core/config/limits-variable.ts';

describe('what is refused says where, what is allowed and what came', () => {
  test.each([
    ['tenant', 'limits must be a list of limits, such as [{"key":"tenant","concurrency":5}], got "tenant"'],
    [['tenant'], 'limits[0] must be an object, got "tenant"'],
    [
      [{ key: 'all' }, { concurrency: 5 }],
      'limits[1].key must be tenant, topic, all or metadata.NAME, got nothing',
    ],
    [[{ key: 'metadata.' }], 'limits[0].key must be tenant, topic, all or metadata.NAME, got "metadata."'],
    [
      [{ key: 'tenant', concurrency: 0 }],
      'limits[0].concurrency must be a whole number from 1 to 1000000000, got 0',
    ],
    [
      [{ key: 'tenant', concurrency: '5' }],
      'limits[0].concurrency must be a whole number from 1 to 1000000000, got "5"',
    ],
    [
      [{ key: 'tenant', maxWaiting: 1.5 }],
      'limits[0].maxWaiting must be a whole number from 1 to 1000000000, got 1.5',
    ],
    [
      [{ key: 'tenant', rate: '0/s' }],
      'limits[0].rate must be a whole number from 1 per s, min, h, such as 100/min, got "0/s"',
    ],
    [
      [{ key: 'tenant', rate: '007/min' }],
      'limits[0].rate must be a whole number from 1 per s, min, h, such as 100/min, got "007/min"',
    ],
    [
      [{ key: 'tenant', rate: 100 }],
      'limits[0].rate must be a whole number from 1 per s, min, h, such as 100/min, got 100',
    ],
    [
      [{ key: 'tenant', rate: '100/day' }],
      'limits[0].rate must be a whole number from 1 per s, min, h, such as 100/min, got "100/day"',
    ],
    [[{ key: 'tenant', weight: 'metadata.tokens' }], 'limits[0].weight must come with a rate'],
    [
      [{ key: 'tenant', rate: '1/s', weight: 'tokens' }],
      'limits[0].weight must be metadata.NAME, got "tokens"',
    ],
    [
      [{ key: 'tenant', limit: 5 }],
      'limits[0].limit is not one of key, concurrency, rate, maxWaiting, weight',
    ],
    [
      [{ key: 'tenant', maxwaiting: 5 }],
      'limits[0].maxwaiting is not one of key, concurrency, rate, maxWaiting, weight: did you mean maxWaiting?',
    ],
    [[{ key: 'tenant' }, { key: 'tenant' }], 'limits must have one limit of each key, got two of tenant'],
  ])('%j', (limits, problem) => {
    expect(limitsProblem('limits', limits)).toBe(problem);
  });

  test('in code, and in the variable', () => {
    expect(() => assertLimits([{ key: 'tenant', concurrency: -1 }])).toThrow('limits[0].concurrency');
    const problems: string[] = [];
    limitsVariable().read('{"key":', problems);
    limitsVariable().read('[{"key":"all","rate":"x"}]', problems);
    expect(problems).toEqual([
      'COATCHECK_LIMITS must be JSON, such as [{"key":"tenant","concurrency":5}], got "{\\"key\\":"',
      'COATCHECK_LIMITS[0].rate must be a whole number from 1 per s, min, h, such as 100/min, got "x"',
    ]);
  });

  test('in a live change, which has no key', () => {
    expect(allowanceProblem({ concurrency: 7, rate: '1/h', maxWaiting: 1 })).toBeUndefined();
    expect(allowanceProblem({ key: 'tenant' })).toBe('key is not one of concurrency, rate, maxWaiting');
  });
});

test('a limit may have nothing but a key, which can be paused and changed live', () => {
  expect(limitsProblem('limits', [{ key: 'metadata.model' }])).toBeUndefined();
});

test.each([
  ['5/s', 5],
  ['90/min', 1.5],
  ['1800/h', 0.5],
] as const)('%s is %d a second', (rate, expected) => {
  expect(perSecond(rate)).toBe(expected);
});

test('no limits take no text', () => {
  expect(limitsVariable().write([])).toBe('');
  expect(limitsVariable().read(undefined, [])).toEqual([]);
});
