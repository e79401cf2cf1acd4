import { gunzipSync, gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fromFetch } from '../../../lib/core/processor/from-fetch.ts';
import { defineProcessor } from '../../../lib/core/processor/handler.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { problemOf, statusOf } from '../../support/outcome-event.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';

function service(): Hono {
  const app = new Hono();
  app.post('/', async (context) => context.json({ product: (await context.req.json()).x * 7 }, 201));
  app.put('/echo', async (context) => {
    const { headers } = context.req.raw;
    return context.json({ query: context.req.query('q'), headers: Object.fromEntries(headers) });
  });
  app.post('/copy', ({ req }) => new Response(req.raw.body, { headers: { 'content-type': 'text/csv' } }));
  app.post('/status/:status', (context) => {
    const headers = { 'retry-after': context.req.query('after') ?? '' };
    return new Response('why', { status: Number(context.req.param('status')), headers });
  });
  app.post('/endless', () => {
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(Buffer.alloc(65_536, 'x')) });
    return new Response(body, { status: 400 });
  });
  app.post('/throws', () => {
    throw new Error('the application is broken');
  });
  app.onError(({ message }) => new Response(message, { status: 500 }));
  app.post('/waits', async (context) => {
    await new Promise((resolve) => context.req.raw.signal.addEventListener('abort', resolve));
    return context.json('told to stop');
  });
  return app;
}

function harness(path?: string, method?: string): EngineHarness {
  const options = { ...(path === undefined ? {} : { path }), ...(method === undefined ? {} : { method }) };
  return new EngineHarness(fromFetch(service().fetch, options));
}

test("an application's answer is the result", async () => {
  const { process, event } = await run(harness());
  expect(process).toEqual([]);
  expect(event).toMatchObject({ subject: 'r-1', datacontenttype: 'application/json', data: { product: 42 } });
});

async function run(harness: EngineHarness, payload: unknown = { x: 6 }) {
  const process = await harness.process([requestDelivery('r-1', payload)]);
  return { process, event: harness.events[0], delays: harness.delays };
}

test('a request whose payload breaks off is retried, even if the application refuses it', async () => {
  const app = new Hono();
  app.post('/', async (context) => {
    const text = await context.req.text().catch(() => undefined);
    return text === undefined ? context.text('no body', 400) : context.json(text);
  });
  const harness = new EngineHarness(fromFetch(app.fetch));
  harness.store.put('requests/a', 'hello', { endsAfter: 2 });
  const upload = delivery(s3Event(s3Record({ key: 'requests/a', size: 5 })));
  expect(await harness.process([upload])).toEqual(['message-1']);
  expect(harness.events).toEqual([]);
});

test('the application gets the data of the request as headers', async () => {
  const { event } = await run(harness('/echo?q=5', 'PUT'));
  expect(event?.data).toEqual({
    query: '5',
    headers: {
      'coatcheck-request-id': 'r-1',
      'coatcheck-attempt': '1',
      'coatcheck-deadline': '2026-01-31T12:00:54.000Z',
      'content-type': 'application/json',
      'content-length': '7',
    },
  });
});

test('an id that no header can hold is percent-encoded', async () => {
  const service = harness('/echo', 'PUT');
  await service.process([requestDelivery('Größe 🧥')]);
  expect(service.event.data).toMatchObject({
    headers: { 'coatcheck-request-id': 'Gr%C3%B6%C3%9Fe%20%F0%9F%A7%A5' },
  });
});

test('a payload streams through the application', async () => {
  const service = harness('/copy');
  service.store.put('requests/a', 'a,b\n'.repeat(200_000));
  await service.process([delivery(s3Event(s3Record({ key: 'requests/a', size: 800_000 })))]);
  const key = service.store.keys('results/')[0] ?? '';
  expect(service.event.dataref).toContain(key);
  expect(service.store.object(key)).toMatchObject({
    contentType: 'text/csv',
    bytes: { byteLength: 800_000 },
  });
});

test('a schema can validate the payload first, inline or stored', async () => {
  const processor = defineProcessor({ input: z.object({ x: z.number() }) }, fromFetch(service().fetch));
  const stored = new EngineHarness(processor);
  stored.store.put('requests/a', '{"x":6}');
  await stored.process([delivery(s3Event(s3Record({ key: 'requests/a', size: 7 })))]);
  expect(stored.event.data).toEqual({ product: 42 });
});

describe('an error response', () => {
  test.each([400, 404, 422, 301])('%i: fails at once', async (status) => {
    const { process, event } = await run(harness(`/status/${status}`));
    expect(process).toEqual([]);
    expect(event && statusOf(event)).toBe('failed');
    expect(event && problemOf(event)).toMatchObject({
      code: 'service_refused',
      details: { status, body: 'why' },
    });
  });

  test.each([
    ['/status/500', 1],
    ['/status/429', 1],
    ['/status/429?after=120', 120],
    ['/status/503?after=Sat,%2031%20Jan%202026%2012:01:30%20GMT', 90],
    ['/throws', 1],
  ])('%s: is retried after %i s', async (path, delaySeconds) => {
    const { process, event, delays } = await run(harness(path));
    expect(process).toEqual(['message-r-1']);
    expect(event).toBeUndefined();
    expect(delays).toEqual({ 'message-r-1': delaySeconds });
  });

  test('with an endless body: its beginning is in the details', async () => {
    const { event } = await run(harness('/endless'));
    expect(event && problemOf(event).details).toEqual({
      status: 400,
      contentType: null,
      body: 'x'.repeat(4_096),
    });
  });
});

test('the application gets a stop signal before the deadline', async () => {
  const service = harness('/waits');
  await service.process([requestDelivery('r-1')], 0.6);
  expect(service.event.data).toBe('told to stop');
});

test.each(['GET', 'head'])('%s is refused when the processor is created: it has no body', (method) => {
  expect(() => fromFetch(() => new Response(), { method })).toThrow(`such as POST, got ${method}`);
});

test('B1: an application that returns something other than a Response fails', async () => {
  const harness = new EngineHarness(fromFetch(Object.assign(() => JSON.parse('null'))));
  await harness.process([requestDelivery('r-1')]);
  expect(harness.problem).toMatchObject({
    code: 'result_invalid',
    detail: expect.stringContaining('Response'),
  });
});

test('B5: the application gets the payload as sent, with its content encoding and language', async () => {
  const app = new Hono();
  app.post('/', async (context) => {
    const { req } = context;
    return context.json({
      headers: [req.header('content-encoding'), req.header('content-language'), req.header('content-length')],
      text: gunzipSync(await req.arrayBuffer()).toString(),
    });
  });
  const harness = new EngineHarness(fromFetch(app.fetch));
  const bytes = gzipSync('hello');
  harness.store.put('requests/a', bytes, { contentEncoding: 'aws-chunked,gzip', contentLanguage: 'en' });
  await harness.process([delivery(s3Event(s3Record({ key: 'requests/a', size: bytes.byteLength })))]);
  expect(harness.event.data).toEqual({ headers: ['gzip', 'en', String(bytes.byteLength)], text: 'hello' });
});
