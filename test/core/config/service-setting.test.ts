import { expect, test } from 'vitest';
import {
  deployedSettings,
  givenNumbers,
  recordMetadataSetting,
} from '../../../lib/core/config/service-setting.ts';
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
    setBy: 'prop queue.batchSize',
    from: 'deployment',
  });
  expect(settings).toContainEqual({
    name: 'concurrency',
    value: 11,
    unit: 'requests',
    setBy: 'prop function.requestConcurrency',
    from: 'deployment',
  });
  expect(settings).toContainEqual({
    name: 'memoryMiB',
    value: 512,
    unit: 'MiB',
    default: 512,
    setBy: 'prop function.memoryMiB',
    from: 'default',
  });
  // Off by default.
  expect(settings.map(({ name }) => name)).not.toContain('failureRatePercent');
});

test('a service on Fargate has the settings of its tasks, and none of a function', () => {
  const given = { maxAttempts: 7, concurrency: 20, minTasks: 0, maxTasks: 30, targetWaitSeconds: 300 };
  const settings = deployedSettings({ ...given, stopSeconds: 120 });
  expect(settings.filter(({ name }) => name === 'concurrency')).toEqual([
    {
      name: 'concurrency',
      value: 20,
      unit: 'requests',
      default: 10,
      setBy: 'prop host.concurrency',
      from: 'deployment',
    },
  ]);
  expect(settings).toContainEqual({
    name: 'minTasks',
    value: 0,
    unit: 'tasks',
    default: 0,
    setBy: 'prop host.minTasks',
    from: 'default',
  });
  const names = settings.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['maxAttempts', 'maxTasks', 'retryBaseSeconds']));
  for (const name of ['batchSize', 'memoryMiB', 'timeoutSeconds', 'maxConcurrency']) {
    expect(names).not.toContain(name);
  }
});

test('the metadata that records keep says where it was declared', () => {
  const origin = { setBy: 'prop records.metadata', from: 'deployment' };
  const declared = { name: 'recordMetadata', value: ['customer'], default: [], ...origin };
  expect(recordMetadataSetting(['customer'], origin)).toEqual(declared);
  expect(recordMetadataSetting([], origin)).toEqual({ ...declared, value: [], from: 'default' });
});
