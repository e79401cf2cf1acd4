import { expect, test } from 'vitest';
import { deployedSettings, givenNumbers } from '../../../lib/core/config/service-setting.ts';
import { NUMBER_SETTINGS } from '../../../lib/core/config/settings.ts';

test('of a deployment, only what differs from the defaults has to be passed on', () => {
  const { maxAttempts, batchSize } = NUMBER_SETTINGS;
  expect(
    givenNumbers({ maxAttempts: maxAttempts.default, batchSize: batchSize.default + 1, concurrency: 11 }),
  ).toEqual({ batchSize: 11, concurrency: 11 });
});

test('the settings of a deployment have their defaults, and say which of them were set', () => {
  const settings = deployedSettings({ batchSize: 11, concurrency: 11 });
  expect(settings).toContainEqual({
    name: 'batchSize',
    value: 11,
    unit: 'messages',
    default: 10,
    from: 'deployment',
  });
  expect(settings).toContainEqual({ name: 'concurrency', value: 11, unit: 'requests', from: 'deployment' });
  expect(settings).toContainEqual({
    name: 'memoryMiB',
    value: 512,
    unit: 'MiB',
    default: 512,
    from: 'default',
  });
  // Off by default.
  expect(settings.map(({ name }) => name)).not.toContain('failureRatePercent');
});
