import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DownstreamUnavailable, RetryLater } from 'coatcheck';
import { CoatcheckClient } from 'coatcheck/client';
import { expect, onTestFinished, test } from 'vitest';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { openParts, type ServiceOptions } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BASE_URL = 'http://127.0.0.1:1234';
const CLOCK = /\d\d:\d\d(:\d\d)? UTC/;

/** Opens services on one file, and its API. */
async function start(options: Partial<ServiceOptions> = {}) {
  const file = join(await temporaryFolder(), 'service.db');
  const open = async (handler?: Handler) => {
    const parts = await openParts(
      { file, logger: new CollectingLogger(), graceSeconds: 0, ...options },
      Date,
    );
    const service = new Service({ ...parts, processor: handler && defineProcessor(handler) });
    onTestFinished(() => service.close());
    const app = createServiceApi({ ...parts, baseUrl: BASE_URL, transferKey: randomBytes(32) });
    const fetch: typeof globalThis.fetch = async (input, init) => app.fetch(new Request(input, init));
    return { service, client: new CoatcheckClient({ baseUrl: BASE_URL, fetch, retry: { attempts: 1 } }) };
  };
  return { open };
}

/** A handler that waits until the test opens the gate. */
function gatedHandler() {
  const gate = Promise.withResolvers<void>();
  let begun = 0;
  const handler: Handler = async () => {
    begun++;
    await gate.promise;
  };
  onTestFinished(() => gate.resolve());
  return { handler, open: () => gate.resolve(), begun: () => begun };
}

/** Submits one after another. @returns the tickets */
async function submitAll(service: Service, count: number, options: Parameters<Service['submit']>[1] = {}) {
  const ids: string[] = [];
  for (let each = 0; each < count; each++) ids.push((await service.submit(each, options)).id);
  return ids;
}

async function whyOf(service: Service, id: string | undefined, tenant?: string) {
  return (await service.request(id ?? '', { tenant }))?.why;
}

test('requests wait behind those that were submitted before', async () => {
  const { open } = await start({ settings: { concurrency: 2 } });
  const { service } = await open();
  const ids = await submitAll(service, 4);
  expect(await Promise.all(ids.map((id) => whyOf(service, id)))).toEqual([
    'next to start',
    'behind 1 request',
    'behind 2 requests',
    'behind 3 requests',
  ]);
  const gated = gatedHandler();
  await open(gated.handler);
  await eventually(() => expect(gated.begun()).toBe(2));
  expect(await whyOf(service, ids[0])).toMatch(/^attempt 1 is running since \d\d:\d\d/);
  gated.open();
  await Promise.all(ids.map((id) => service.wait(id)));
  expect(await service.request(ids[3] ?? '')).toMatchObject({ status: 'succeeded' });
  expect(await whyOf(service, ids[3])).toBeUndefined();
});

test('a request that has expired says so everywhere, until it ends when its turn comes', async () => {
  const { open } = await start({ settings: { concurrency: 1 } });
  const { service, client } = await open();
  const expiresAt = new Date(Date.now() + 1_000);
  const { id } = await service.submit('x', { expiresAt });
  const why = /^it expired at .* UTC: it ends when its turn comes$/;
  await eventually(async () => expect(await whyOf(service, id)).toMatch(why));
  const status = await client.status(id);
  expect(status).toMatchObject({ status: 'queued', why: expect.stringMatching(why) });
  expect(status).not.toHaveProperty('startsAbout');
  const listed = [];
  for await (const each of client.list({ status: 'queued' })) listed.push(each);
  expect(listed).toMatchObject([{ id, status: 'queued', why: expect.stringMatching(why) }]);
  await open(async () => {});
  expect(await service.wait(id)).toMatchObject({ status: 'expired' });
});

test('an upload waits from its arrival', async () => {
  const { open } = await start();
  const { service, client } = await open();
  await submitAll(service, 2);
  const { id } = await client.submit(new Blob([new Uint8Array(7_000_000)]));
  await submitAll(service, 2);
  await eventually(async () => expect(await whyOf(service, id)).toBe('behind 2 requests'));
});

test('requests of tenants wait in turns, and each names those of its tenant only', async () => {
  const { open } = await start();
  const { service } = await open(async () => {});
  // Tenants take turns as soon as a request of one has been received.
  const { id: first } = await service.submit('first', { tenant: 'acme' });
  await service.wait(first, { tenant: 'acme' });
  await service.close();
  const { service: waiting } = await open();
  const acme = await submitAll(waiting, 10, { tenant: 'acme' });
  const [bolt] = await submitAll(waiting, 1, { tenant: 'bolt' });
  expect(await whyOf(waiting, acme[9], 'acme')).toBe('behind 10 requests, 9 of them of your tenant');
  expect(await whyOf(waiting, bolt, 'bolt')).toBe('next to start');
});

test('a more urgent request counts few of the less urgent ones before it', async () => {
  const { open } = await start();
  const { service } = await open();
  await submitAll(service, 30);
  const [high] = await submitAll(service, 1, { priority: 'high' });
  const low = await submitAll(service, 2, { priority: 'low' });
  expect(await whyOf(service, high)).toBe('next to start');
  // Of ten, six are high, three normal and one low.
  expect(await whyOf(service, low[1])).toBe('behind 8 requests');
});

test('a request with an ordering key waits for those before it with the key', async () => {
  const { open } = await start({ order: 'fifo' });
  const { service } = await open();
  const ids = await submitAll(service, 3, { orderingKey: 'k' });
  expect(await whyOf(service, ids[2])).toBe('behind 2 requests with its ordering key');
});

test('a request that is retried says when, and its next attempt begins then', async () => {
  const { open } = await start();
  const starts: number[] = [];
  const { service } = await open(async () => {
    starts.push(Date.now());
    if (starts.length === 1) throw new RetryLater(2);
  });
  const { id } = await service.submit('x');
  const view = await eventually(async () => {
    const found = await service.request(id);
    expect(found?.why).toMatch(/^attempt 2 begins at /);
    return found;
  });
  expect(view?.why).toMatch(CLOCK);
  await service.wait(id);
  expect(starts[1]).toBeGreaterThanOrEqual(view?.startsAbout?.from.getTime() ?? Number.NaN);
});

test('a scheduled request says when it may start', async () => {
  const { open } = await start();
  const { service } = await open();
  const notBefore = new Date(Date.now() + 3_600_000);
  const { id, why } = await service.submit('x', { notBefore });
  expect(why).toMatch(/^scheduled for .* UTC$/);
  const view = await service.request(id);
  expect(view?.startsAbout).toEqual({ from: notBefore, to: new Date(notBefore.getTime() + 1_000) });
});

test('a request of a tenant that is limited says so', async () => {
  const { open } = await start({ limits: [{ key: 'tenant', concurrency: 1 }] });
  const gated = gatedHandler();
  const { service } = await open(gated.handler);
  const ids = await submitAll(service, 3, { tenant: 'acme' });
  await eventually(() => expect(gated.begun()).toBe(1));
  // The state of a limit is read every few seconds.
  await eventually(async () =>
    expect(await whyOf(service, ids[2], 'acme')).toBe('limited to 1 at a time for acme'),
  );
});

test('while something is down, a waiting request says what, and until when', async () => {
  const { open } = await start();
  const { service } = await open(async () => {
    throw new DownstreamUnavailable('the model is down');
  });
  const ids = await submitAll(service, 6);
  const view = await eventually(async () => {
    const found = await service.request(ids[5] ?? '');
    expect(found?.why).toMatch(/^processing is paused until .* UTC: the model is down$/);
    return found;
  });
  expect(view?.startsAbout?.from.getTime() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(Date.now());
});

test('once requests were handled, others have times, in the API too', async () => {
  const { open } = await start({ settings: { concurrency: 1 } });
  const gated = gatedHandler();
  let isGated = false;
  const { service, client } = await open(async (request) => {
    if (isGated) await gated.handler(request);
  });
  await Promise.all((await submitAll(service, 20)).map((id) => service.wait(id)));
  isGated = true;
  const ids = await submitAll(service, 10);
  await eventually(() => expect(gated.begun()).toBe(1));
  await eventually(async () => expect((await service.request(ids[9] ?? ''))?.startsAbout).toBeDefined());
  const [running, next] = [await client.status(ids[0] ?? ''), await client.status(ids[9] ?? '')];
  expect(running.why).toMatch(/^attempt 1 is running since /);
  expect(running.startsAbout).toBeUndefined();
  expect(next.why).toBe('behind 8 requests');
  const { startsAbout, endsAbout } = next;
  expect(Date.parse(startsAbout?.to ?? '')).toBeGreaterThanOrEqual(Date.parse(startsAbout?.from ?? ''));
  expect(Date.parse(endsAbout?.to ?? '')).toBeGreaterThanOrEqual(Date.parse(startsAbout?.to ?? ''));
  for await (const listed of client.list({ status: 'queued' })) {
    expect(listed.why).toBe('waiting to start');
    expect(listed.startsAbout).toBeUndefined();
  }
});
