import { expect, test } from 'vitest';
import { deployedSettings } from '../../lib/core/config/service-setting.ts';
import { functionHost, slotsOfHost } from '../../lib/planner/service-host.ts';

const FARGATE = { concurrency: 10, minTasks: 0, maxTasks: 7, targetWaitSeconds: 300, stopSeconds: 120 };

test('a deployed function has its settings, or their defaults', () => {
  expect(functionHost(deployedSettings({ batchSize: 20, batchWindowSeconds: 2, memoryMiB: 1_024 }))).toEqual({
    batchSize: 20,
    batchWindowSeconds: 2,
    memoryMiB: 1_024,
    maxConcurrency: 500,
  });
  expect(functionHost(deployedSettings({ concurrency: 3 }))).toMatchObject({ batchSize: 10, concurrency: 3 });
});

test('pollers stand in place of the maximum concurrency', () => {
  const host = functionHost(deployedSettings({ minPollers: 2, maxPollers: 50 }));
  expect(host).toMatchObject({ pollers: { min: 2, max: 50 } });
  expect(host).not.toHaveProperty('maxConcurrency');
});

test('tasks and processes are no functions, and have slots', () => {
  const fargate = deployedSettings({ maxAttempts: 7, ...FARGATE });
  expect(functionHost(fargate)).toBeUndefined();
  expect(slotsOfHost(fargate)).toBe(70);
  const process = [{ name: 'concurrency', value: 10 }];
  expect(functionHost(process)).toBeUndefined();
  expect(slotsOfHost(process)).toBe(10);
});

test('what is off or not shown is unknown', () => {
  expect(slotsOfHost([{ name: 'concurrency' }])).toBeUndefined();
  expect(slotsOfHost([])).toBeUndefined();
});
