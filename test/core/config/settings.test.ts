import { expect, test } from 'vitest';
import {
  NUMBER_SETTINGS,
  type NumberSettingName,
  numberProblem,
  numberSetting,
} from '../../../lib/core/config/settings.ts';

const NAMES = Object.keys(NUMBER_SETTINGS).filter(
  (name): name is NumberSettingName => name in NUMBER_SETTINGS,
);

test.each(NAMES)('%s has a range that holds its default', (name) => {
  const { min, max, default: value = min } = numberSetting(name);
  expect(min).toBeLessThanOrEqual(max);
  expect(numberProblem(name, value, name)).toBeUndefined();
});

test('no two settings share a variable', () => {
  const variables = NAMES.flatMap((name) => numberSetting(name).variable ?? []);
  expect(new Set(variables).size).toBe(variables.length);
});

test.each([
  [1, undefined],
  [10_000, undefined],
  [0, 'props.batchSize must be a whole number of messages from 1 to 10000, got 0'],
  [10_001, 'props.batchSize must be a whole number of messages from 1 to 10000, got 10001'],
  [1.5, 'props.batchSize must be a whole number of messages from 1 to 10000, got 1.5'],
  [Number.NaN, 'props.batchSize must be a whole number of messages from 1 to 10000, got NaN'],
  ['5', 'props.batchSize must be a whole number of messages from 1 to 10000, got "5"'],
  [undefined, 'props.batchSize must be a whole number of messages from 1 to 10000, got nothing'],
])('a batch size of %j: %s', (value, problem) => {
  expect(numberProblem('batchSize', value, 'props.batchSize')).toBe(problem);
});
