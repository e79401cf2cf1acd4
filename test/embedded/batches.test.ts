import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { processor } from 'coatcheck';
import { openService, type ServiceBatchItem, type ServiceOptions } from 'coatcheck/embedded';
import { expect, onTestFinished, test } from 'vitest';
import type { Priority } from '../../lib/core/model/priority.ts';
import { openServiceAt } from '../../lib/embedded/open-service.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TestClock } from '../support/test-clock.ts';
import { handler } from './programs/processor.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

async function optionsOf(options: Partial<ServiceOptions> = {}): Promise<ServiceOptions> {
  const file = join(await temporaryFolder(), 'jobs.db');
  return { file, processor: handler, logger: new CollectingLogger(), ...options };
}

function* numbers(count: number): Generator<ServiceBatchItem> {
  for (let number = 0; number < count; number++) yield { key: `n-${number}`, payload: { number } };
}

/** A receiver of webhooks. */
async function openReceiver() {
  const received: { id: unknown; body: { type: string; data: object } }[] = [];
  const server = createServer(async (request, response) => {
    received.push({ id: request.headers['webhook-id'], body: JSON.parse(await text(request)) });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/done` };
}

test('a batch is handled, counted and reported, and its results come in the order of its items', async () => {
  const { received, url } = await openReceiver();
  const webhooks = { secrets: [SECRET] as const, callbacks: 'local' as const };
  await using service = await openService(await optionsOf({ webhooks }));
  const { batches } = service;
  const { id, status } = await batches.create({ callbackUrl: url, tenant: 'acme' });
  expect(status).toBe('open');
  const owner = { tenant: 'acme' };
  const items = [...numbers(250), { key: 'bad', payload: { number: 1, fail: 'now' } }];
  expect(await batches.add(id, items, owner)).toEqual({ added: 251, repeated: 0, refused: [] });
  expect(await batches.add(id, numbers(300), owner)).toEqual({ added: 50, repeated: 250, refused: [] });
  await batches.seal(id, owner);
  await eventually(async () => expect((await batches.get(id, owner)).status).toBe('completed'));
  expect(await batches.get(id, owner)).toMatchObject({
    progress: 1,
    counts: { total: 301, queued: 0, running: 0, succeeded: 300, failed: 1, cancelled: 0, expired: 0 },
  });
  const results = [];
  for await (const { key, status: ended, outcome } of batches.results(id, owner)) {
    const result = outcome?.status === 'succeeded' ? await outcome.result.json() : outcome?.problem.code;
    results.push([key, ended, result]);
  }
  expect(results).toHaveLength(301);
  expect(results.slice(249, 252)).toEqual([
    ['n-249', 'succeeded', { double: 498 }],
    ['bad', 'failed', 'order_unknown'],
    ['n-250', 'succeeded', { double: 500 }],
  ]);
  await eventually(() => expect(received).not.toEqual([]));
  expect(new Set(received.map((webhook) => webhook.id)).size).toBe(1);
  expect(received[0]).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    body: {
      type: 'coatcheck.batch.completed',
      data: { id, tenant: 'acme', status: 'completed', counts: { total: 301, succeeded: 300, failed: 1 } },
    },
  });
});

test('items are refused one by one, as submit refuses them', async () => {
  const options = await optionsOf({ processor: undefined, processors: { mail: handler } });
  await using service = await openService(options);
  const { batches } = service;
  await expect(batches.create({ topic: 'a b' })).rejects.toMatchObject({ code: 'topic_invalid' });
  await expect(batches.create({ callbackUrl: 'https://example.com/' })).rejects.toMatchObject({
    code: 'callback_refused',
  });
  const { id } = await batches.create();
  const { added, refused } = await batches.add(id, [
    { key: 'a', payload: 1, topic: 'mail' },
    { key: 'b', payload: 1 },
    { key: 'c', payload: 1, topic: 'mail', orderingKey: 'k' },
    { key: 'd', payload: 1, topic: 'mail', minVersion: 'x' },
    { key: 'a', payload: 2, topic: 'mail' },
    { key: 'e', payload: 1, topic: 'mail', priority: 'urgent' as Priority },
    { key: 'f', payload: 1, topic: 'mail', priority: 'high' },
  ]);
  expect(added).toBe(2);
  expect(refused.map(({ index, key, code }) => [index, key, code])).toEqual([
    [1, 'b', 'topic_required'],
    [2, 'c', 'order_unsupported'],
    [3, 'd', 'min_version_invalid'],
    [4, 'a', 'batch_key_reused'],
    [5, 'e', 'priority_invalid'],
  ]);
  const ids = [];
  for await (const { requestId } of batches.results(id)) ids.push(requestId);
  expect(await service.request(ids[1] ?? '')).toMatchObject({ priority: 'high' });
  const mail = await batches.create({ topic: 'mail' });
  const items = [
    { key: 'a', payload: 1 },
    { key: 'b', payload: 1, topic: undefined },
  ];
  expect(await batches.add(mail.id, items)).toMatchObject({ added: 2 });
});

test('what is no item, and no limit, is named', async () => {
  await using service = await openService(await optionsOf({ processor: undefined }));
  const { batches } = service;
  const { id } = await batches.create();
  const added = (...items: unknown[]) => batches.add(id, items as ServiceBatchItem[]);
  const good = { key: 'a', payload: 1 };
  await expect(added(good, { key: 'b', payload: 1n })).rejects.toThrow(
    /^The item at index 1 can't be added: .*BigInt/,
  );
  await expect(added(null)).rejects.toThrow(/^The item at index 0 can't be added: /);
  await expect(added({ key: 5, payload: 1 })).rejects.toThrow('key must be a text, got 5');
  await expect(batches.list({ limit: 0 })).rejects.toThrow(
    'limit must be a whole number of at least 1, got 0',
  );
});

test('a batch that is cancelled has the results until then', async () => {
  const clock = new TestClock();
  const options = await optionsOf({ settings: { concurrency: 1 } });
  await using service = await openServiceAt(options, clock);
  const { batches } = service;
  const { id } = await batches.create();
  await batches.add(id, [
    { key: 'done', payload: { number: 1 } },
    { key: 'later', payload: { number: 2 }, notBefore: new Date(clock.now() + 60_000) },
  ]);
  await eventually(async () => expect((await batches.get(id)).counts.succeeded).toBe(1));
  expect(await batches.cancel(id)).toMatchObject({ status: 'cancelling', progress: 0.5 });
  await eventually(async () => expect((await batches.get(id)).status).toBe('cancelled'));
  const ended = [];
  for await (const { key, status } of batches.results(id)) ended.push([key, status]);
  expect(ended).toEqual([
    ['done', 'succeeded'],
    ['later', 'cancelled'],
  ]);
  await expect(batches.add(id, [])).rejects.toMatchObject({ code: 'batch_closed' });
});

test('a batch that expires has the results until then', async () => {
  const clock = new TestClock();
  const options = await optionsOf({ processor: undefined });
  const { id } = await (async () => {
    await using service = await openServiceAt(options, clock);
    const created = await service.batches.create({ expiresAt: new Date(clock.now() + 60_000) });
    await service.batches.add(created.id, numbers(3));
    return created;
  })();
  clock.advanceSeconds(60);
  await using service = await openServiceAt({ ...options, processor: handler }, clock);
  await eventually(async () => expect((await service.batches.get(id)).status).toBe('expired'));
  expect((await service.batches.get(id)).counts).toMatchObject({ total: 3, expired: 3 });
});

test('items with one ordering key run in the order in which they were added', async () => {
  const order: unknown[] = [];
  const log = processor(async (request) => {
    order.push(await request.json());
  });
  await using service = await openService(await optionsOf({ processor: log, order: 'fifo' }));
  const { batches } = service;
  const { id } = await batches.create();
  const numbered = Array.from({ length: 8 }, (_, number) => number);
  const items = numbered.map((number) => ({ key: `n-${number}`, payload: number, orderingKey: 'k' }));
  await batches.add(id, items.slice(0, 4));
  // As a program does that didn't get the answer.
  await batches.add(id, items);
  await batches.seal(id);
  await eventually(async () => expect((await batches.get(id)).status).toBe('completed'));
  expect(order).toEqual(numbered);
});
