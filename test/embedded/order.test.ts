import { processor, RetryLater } from 'coatcheck';
import { openService, type ServiceOptions } from 'coatcheck/embedded';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function open(options: Partial<ServiceOptions> = {}) {
  const file = `${await temporaryFolder()}/jobs.db`;
  const logger = new CollectingLogger();
  return openService({ file, order: 'fifo', logger, settings: { retryBaseSeconds: 1 }, ...options });
}

test('requests of one key run in order, over failures, and those of another key at the same time', async () => {
  const runs: string[] = [];
  const running = new Set<string>();
  const together = Promise.withResolvers<void>();
  const handler = processor(async (request) => {
    const name = await request.text();
    const [key = ''] = name;
    expect(running).not.toContain(key);
    running.add(key);
    if (running.size === 2) together.resolve();
    runs.push(name);
    if (name.endsWith('0')) await together.promise;
    running.delete(key);
    if (runs.filter((run) => run === name).length < 2 && name.endsWith('0')) throw new Error('not now');
  });
  await using service = await open({ processor: handler });
  const names = ['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3', 'b3'];
  const ids: string[] = [];
  for (const name of names) ids.push((await service.submit(name, { orderingKey: name.slice(0, 1) })).id);
  const outcomes = await Promise.all(ids.map((id) => service.wait(id)));
  expect(outcomes.map(({ status }) => status)).toEqual(names.map(() => 'succeeded'));
  const runsOf = (key: string) => runs.filter((name) => name.startsWith(key));
  expect(runsOf('a')).toEqual(['a0', 'a0', 'a1', 'a2', 'a3']);
  expect(runsOf('b')).toEqual(['b0', 'b0', 'b1', 'b2', 'b3']);
});

test('a request that has used up its attempts blocks its key, until it is cancelled', async () => {
  const handler = processor(async (request) => {
    if ((await request.text()) === 'bad') throw new Error('never');
  });
  const settings = { maxAttempts: 1, retryBaseSeconds: 1, retryCapSeconds: 1 };
  await using service = await open({ processor: handler, onExhausted: 'block', settings });
  const bad = await service.submit('bad', { orderingKey: 'k' });
  const next = await service.submit('next', { orderingKey: 'k' });
  const other = await service.submit('other', { orderingKey: 'l' });
  expect((await service.wait(other.id)).status).toBe('succeeded');
  await eventually(async () => expect((await service.request(bad.id))?.attempts).toBeGreaterThan(1));
  expect(await service.request(next.id)).toMatchObject({ status: 'queued', attempts: 0 });
  await service.cancel(bad.id);
  expect((await service.wait(next.id)).status).toBe('succeeded');
});

test('600 requests of 30 keys, some of whose attempts fail, run in the order of their submission', async () => {
  const runs: { readonly key: string; readonly number: number }[] = [];
  const running = new Set<string>();
  const handler = processor(async (request) => {
    const { key, number } = z.object({ key: z.string(), number: z.number() }).parse(await request.json());
    expect(running).not.toContain(key);
    running.add(key);
    await new Promise((resolve) => setImmediate(resolve));
    running.delete(key);
    if (request.attempt <= number % 3) throw new RetryLater(0);
    runs.push({ key, number });
  });
  await using service = await open({ processor: handler, settings: { concurrency: 20 } });
  const requests = Array.from({ length: 600 }, (_, number) => ({ key: `key-${number % 30}`, number }));
  for (const request of requests) await service.submit(request, { orderingKey: request.key });
  await vi.waitFor(() => expect(runs).toHaveLength(600), { timeout: 80_000, interval: 50 });
  const byKey = (all: typeof runs) => Object.groupBy(all, ({ key }) => key);
  expect(byKey(runs)).toEqual(byKey(requests));
});

test('without a key, the requests of a tenant run in order, and a dead letter lets the next one run', async () => {
  const runs: string[] = [];
  const handler = processor(async (request) => {
    const text = await request.text();
    if (text === 'broken') throw new Error('broken');
    runs.push(text);
  });
  const settings = { maxAttempts: 2, retryBaseSeconds: 1, retryCapSeconds: 1 };
  await using service = await open({ processor: handler, settings });
  for (const text of ['first', 'broken', 'last']) await service.submit(text, { tenant: 'acme' });
  await eventually(() => expect(runs).toEqual(['first', 'last']));
});

test('an ordering key is refused if it is invalid, and in a service that keeps no order', async () => {
  await using ordered = await open();
  await expect(ordered.submit('a', { orderingKey: '' })).rejects.toThrow(
    'orderingKey must have 1 to 128 printable ASCII characters without a space at either end, got 0: ""',
  );
  await using unordered = await open({ order: undefined });
  await expect(unordered.submit('a', { orderingKey: 'a' })).rejects.toThrow(
    "orderingKey needs a service that keeps order: open it with order: 'fifo', or leave the key out",
  );
});

test.each([
  [
    { order: undefined, onExhausted: 'block' },
    "onExhausted needs order: 'fifo', got block without it: no request waits for another",
  ],
  [{ onExhausted: 'stop' as 'skip' }, 'onExhausted must be one of skip, block, got "stop"'],
  [{ order: 'lifo' as 'fifo' }, `order must be 'fifo' or left out, got "lifo"`],
] as const)('%j is refused', async (options, problem) => {
  await expect(open(options)).rejects.toThrow(problem);
});
