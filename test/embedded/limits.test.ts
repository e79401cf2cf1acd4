import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CoatcheckClient, Overloaded } from 'coatcheck/client';
import { LimitRefused, RequestRefused } from 'coatcheck/embedded';
import { expect, onTestFinished, test } from 'vitest';
import type { Limit } from '../../lib/core/config/limits.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BASE_URL = 'http://127.0.0.1:1234';

const ACME = { tenant: 'acme' };

/** A service with limits, and its API. Without a handler, requests wait. */
async function start(limits: readonly Limit[], handler?: Handler) {
  const file = join(await temporaryFolder(), 'service.db');
  const parts = await openParts({ file, limits, logger: new CollectingLogger() }, Date);
  const service = new Service({ ...parts, processor: handler && defineProcessor(handler) });
  onTestFinished(() => service.close());
  const app = createServiceApi({ ...parts, baseUrl: BASE_URL, transferKey: randomBytes(32) });
  const fetch: typeof globalThis.fetch = async (input, init) => app.fetch(new Request(input, init));
  const client = new CoatcheckClient({ baseUrl: BASE_URL, fetch, retry: { attempts: 1 } });
  const post = (path: string, body: unknown) =>
    fetch(`${BASE_URL}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return { service, client, post };
}

const CAPPED = [{ key: 'topic', maxWaiting: 2 }] as const;
const IMAGES = { topic: 'images' };

test('a request beyond the cap of its key is refused with the key, how many wait and how many may', async () => {
  const { client } = await start(CAPPED);
  for (const each of ['a', 'b']) await client.submit(each, IMAGES);
  const refusal = await client.submit('c', IMAGES).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Overloaded);
  expect(refusal).toMatchObject({
    status: 429,
    code: 'too_many_waiting',
    full: { key: 'topic', value: 'images', waiting: 2, maxWaiting: 2 },
    message: expect.stringContaining('2 requests of topic images are waiting, and at most 2 may.'),
    retryAfterSeconds: expect.any(Number),
  });
  await client.submit('c', { topic: 'reports' });
  await client.submit('c');
});

test('a repeated submission is neither refused nor counted', async () => {
  const { client } = await start(CAPPED);
  const once = { ...IMAGES, idempotencyKey: 'k' };
  const { id } = await client.submit('a', once);
  for (let time = 0; time < 3; time++) expect((await client.submit('a', once)).id).toBe(id);
  await client.submit('b', IMAGES);
  await expect(client.submit('c', IMAGES)).rejects.toMatchObject({ code: 'too_many_waiting' });
  expect((await client.submit('a', once)).id).toBe(id);
  expect(await client.limits.get('topic', 'images')).toMatchObject({ waiting: 2 });
});

test('a submission that can not be accepted is not counted', async () => {
  const { client, post } = await start(CAPPED);
  await client.submit('a', { ...IMAGES, idempotencyKey: 'k' });
  await expect(client.submit('b', { ...IMAGES, idempotencyKey: 'k' })).rejects.toMatchObject({ status: 422 });
  expect((await post('/v1/uploads', { size: 2 ** 50, topic: 'images' })).status).toBe(413);
  expect(await client.limits.get('topic', 'images')).toMatchObject({ waiting: 1 });
});

test('tickets of uploads count, and stop counting when they are cancelled', async () => {
  const { client, post } = await start(CAPPED);
  const upload = (multipart: boolean) => post('/v1/uploads', { size: 5, multipart, topic: 'images' });
  const [form, parts] = [await upload(false), await upload(true)];
  expect([form.status, parts.status]).toEqual([201, 201]);
  const refused = await upload(false);
  expect(refused.status).toBe(429);
  expect(JSON.parse(await refused.text())).toMatchObject({
    code: 'too_many_waiting',
    waiting: 2,
    maxWaiting: 2,
  });
  await expect(client.submit('a', IMAGES)).rejects.toMatchObject({ code: 'too_many_waiting' });

  const { request } = JSON.parse(await form.text());
  for (let time = 0; time < 2; time++) await client.cancel(request.id).catch(() => {});
  const { request: inParts, upload: way } = JSON.parse(await parts.text());
  for (let time = 0; time < 2; time++)
    await post(`/v1/uploads/${inParts.id}/abort`, { uploadName: way.uploadName });
  expect(await client.limits.get('topic', 'images')).toMatchObject({ waiting: 0 });
});

test('tickets of uploads do not count by metadata, since processors do not know it', async () => {
  const { client, post } = await start([{ key: 'metadata.lane', maxWaiting: 1 }]);
  const metadata = { lane: 'fast' };
  for (let time = 0; time < 2; time++)
    expect((await post('/v1/uploads', { size: 5, metadata })).status).toBe(201);
  await client.submit('a', { metadata });
  await expect(client.submit('b', { metadata })).rejects.toMatchObject({ code: 'too_many_waiting' });
});

test('each request of a batch is refused by itself', async () => {
  const { client } = await start(CAPPED);
  const requests = ['images', 'images', 'images', 'reports'].map((topic) => ({ json: 1, topic }));
  const results = await client.submitBatch(requests);
  expect(results.map(({ status }) => status)).toEqual([202, 202, 429, 202]);
  expect(results[2]).toMatchObject({
    problem: { code: 'too_many_waiting', key: 'topic', value: 'images', waiting: 2, maxWaiting: 2 },
  });
});

test('in the process, it is a RequestRefused; cancelled requests and live changes make room', async () => {
  const { service } = await start([{ key: 'tenant', maxWaiting: 1 }]);
  const { id } = await service.submit('a', ACME);
  const refusal = await service.submit('b', ACME).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(RequestRefused);
  expect(refusal).toMatchObject({
    code: 'too_many_waiting',
    message: expect.stringContaining('at most 1 may'),
  });
  await service.cancel(id, ACME);
  await service.submit('b', ACME);
  expect(await service.limits.change('tenant', 'acme', { maxWaiting: 2 })).toMatchObject({
    maxWaiting: 2,
    waiting: 1,
    changed: { maxWaiting: 2 },
  });
  await service.submit('c', ACME);
  expect(await service.limits.reset('tenant', 'acme')).toMatchObject({ maxWaiting: 1, waiting: 2 });
  expect(service.limits.list()).toEqual([{ key: 'tenant', maxWaiting: 1 }]);
  await expect(service.limits.get('all')).rejects.toThrow(LimitRefused);
});

test('the requests of a tenant run one at a time, those of others beside them, and each no longer waits when it starts', async () => {
  const running = new Map<string | undefined, number>();
  const seen = { together: 0, ofOne: 0 };
  const { service } = await start([{ key: 'tenant', concurrency: 1, maxWaiting: 50 }], async ({ tenant }) => {
    running.set(tenant, (running.get(tenant) ?? 0) + 1);
    const counts = [...running.values()];
    seen.ofOne = Math.max(seen.ofOne, ...counts);
    seen.together = Math.max(
      seen.together,
      counts.reduce((total, count) => total + count),
    );
    await eventually(() => expect(seen.together).toBe(2));
    running.set(tenant, (running.get(tenant) ?? 0) - 1);
  });
  const submitted = ['acme', 'acme', 'acme', 'other', 'other'].map(async (tenant) => {
    const { id } = await service.submit('x', { tenant });
    return service.wait(id, { tenant });
  });
  const ended = await Promise.all(submitted);
  expect(ended.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'succeeded'));
  expect(seen).toEqual({ together: 2, ofOne: 1 });
  await eventually(async () => {
    expect(await service.limits.get('tenant', 'acme')).toMatchObject({ running: 0, waiting: 0 });
  });
});

test('requests wait until the end of a pause, without an attempt', async () => {
  let startedAt = 0;
  const { service } = await start([{ key: 'all', rate: '1000/s' }], () => {
    startedAt = Date.now();
  });
  const pausedUntil = new Date(Date.now() + 300);
  await service.limits.change('all', undefined, { pausedUntil });
  const { id } = await service.submit('x');
  expect((await service.wait(id)).status).toBe('succeeded');
  expect(startedAt).toBeGreaterThanOrEqual(pausedUntil.getTime());
  expect(await service.request(id)).toMatchObject({ attempts: 1 });
});
