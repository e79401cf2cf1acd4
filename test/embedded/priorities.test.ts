import { join } from 'node:path';
import { processor } from 'coatcheck';
import { openService, type ServiceOptions } from 'coatcheck/embedded';
import { expect, test } from 'vitest';
import { PRIORITIES, type Priority } from '../../lib/core/model/priority.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Opens services on one file. The handler notes what it handles, and waits for as long as the gate is closed. */
async function services() {
  const file = join(await temporaryFolder(), 'jobs.db');
  const begun: string[] = [];
  const gate = { opened: Promise.resolve() };
  const handler = processor(async (request) => {
    begun.push(await request.text());
    await gate.opened;
  });
  const logger = new CollectingLogger();
  const open = (options: Partial<ServiceOptions> = {}) =>
    openService({ file, processor: handler, logger, ...options });
  return { open, begun, gate };
}

test('requests of three priorities that wait share the slots by their weights, and all run', async () => {
  const { open, begun } = await services();
  {
    await using submitting = await open({ processor: undefined });
    for (const priority of ['low', 'normal', 'high'] as const) {
      const submit = () => submitting.submit(priority, { priority });
      await Promise.all(Array.from({ length: 60 }, submit));
    }
  }
  await using _service = await open({ settings: { concurrency: 2 } });
  await eventually(() => expect(begun).toHaveLength(180));
  const countOf = (priority: Priority) => begun.slice(0, 80).filter((one) => one === priority).length;
  expect(countOf('high')).toBeGreaterThan(countOf('normal'));
  expect(countOf('normal')).toBeGreaterThan(countOf('low'));
  expect(countOf('low')).toBeGreaterThan(0);
});

test('a high request begins before all that is prefetched', async () => {
  const { open, begun, gate } = await services();
  const concurrency = 4;
  {
    await using submitting = await open({ processor: undefined });
    const submit = () => submitting.submit('low', { priority: 'low' });
    await Promise.all(Array.from({ length: 500 }, submit));
  }
  const opened = Promise.withResolvers<void>();
  gate.opened = opened.promise;
  await using service = await open({ settings: { concurrency } });
  await eventually(() => expect([begun.length, service.processing?.held]).toEqual([4, 8]));
  await service.submit('high', { priority: 'high' });
  await eventually(() => expect(service.processing?.held).toBe(9));
  opened.resolve();
  await eventually(() => expect(begun).toContain('high'));
  expect(begun.indexOf('high')).toBe(concurrency);
});

test('a priority is in the view, and kept through a dead letter and its redrive', async () => {
  const { open } = await services();
  let isBroken = true;
  const handler = processor(() => {
    if (isBroken) throw new Error('broken');
    return 'done';
  });
  await using service = await open({ processor: handler, settings: { maxAttempts: 1 } });
  const { id, priority } = await service.submit('work', { priority: 'low' });
  expect(priority).toBe('low');
  expect(await service.wait(id)).toMatchObject({ status: 'failed' });
  isBroken = false;
  await eventually(async () => expect(await service.redrive()).toBe(1));
  await eventually(async () => {
    expect(await service.request(id)).toMatchObject({ status: 'succeeded', priority: 'low' });
  });
});

test('a service that keeps order has normal requests only, and takes over the others that wait', async () => {
  const { open, begun } = await services();
  {
    await using submitting = await open({ processor: undefined });
    for (const priority of PRIORITIES) await submitting.submit(priority, { priority });
  }
  await using service = await open({ order: 'fifo' });
  await eventually(() => expect(begun).toEqual(['high', 'normal', 'low']));
  await expect(service.submit('x', { priority: 'high' })).rejects.toMatchObject({
    code: 'priority_unsupported',
  });
  const schedule = service.schedule('x', { name: 'a', everyMinutes: 1, priority: 'high' });
  await expect(schedule).rejects.toMatchObject({ code: 'priority_unsupported' });
  await service.submit('x', { priority: 'normal' });
});

test('a priority that there isn’t is refused', async () => {
  const { open } = await services();
  await using service = await open();
  const priority = 'urgent' as Priority;
  await expect(service.submit('x', { priority })).rejects.toMatchObject({
    code: 'priority_invalid',
    message: 'priority must be one of high, normal, low, got "urgent"',
  });
});
