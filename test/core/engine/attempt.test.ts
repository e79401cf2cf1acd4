import { Readable } from 'node:stream';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PermanentError, RetryLater } from '../../../lib/core/base/errors.ts';
import { RECORDED_RESULT_BYTES } from '../../../lib/core/config/receive-budget.ts';
import type { RequestRecord } from '../../../lib/core/model/request-record.ts';
import { defineProcessor, type Handler } from '../../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { statusOf } from '../../support/outcome-event.ts';

/** Runs request `r-1` once. */
async function run(handler: Handler, options: HarnessOptions = {}, payload: unknown = {}) {
  const harness = new EngineHarness(handler, options);
  const again = await harness.process([requestDelivery('r-1', payload)]);
  return Object.assign(harness, { again });
}

test('a handler’s JSON becomes the request’s published result', async () => {
  const { again, event } = await run(
    async (request) => ({ id: request.id, given: await request.json() }),
    {},
    [6],
  );
  expect(again).toEqual([]);
  expect(event).toMatchObject({
    type: 'coatcheck.request.succeeded',
    subject: 'r-1',
    datacontenttype: 'application/json',
    data: { id: 'r-1', given: [6] },
  });
});

describe('a result', () => {
  async function* streaming(...chunks: readonly string[]) {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }

  test.each([
    ['JSON', () => 'x'.repeat(98)],
    ['bytes', () => Buffer.alloc(100, 'x')],
    ['a stream', () => streaming('x'.repeat(99), 'x', '')],
    ['a Response', () => new Response('x'.repeat(100))],
  ])('up to the inline limit is published inline: %s', async (_, result) => {
    const { event, store } = await run(result, { inlineLimitBytes: 100 });
    expect(event.data ?? event.data_base64).toBeTypeOf('string');
    expect(store.keys()).toEqual([]);
  });

  test.each([
    ['JSON', () => 'x'.repeat(99), 'application/json'],
    ['bytes', () => Buffer.alloc(101, 'x'), 'application/octet-stream'],
    ['a stream', () => streaming('x'.repeat(99), 'x', 'x'), 'application/octet-stream'],
    ['a Response', () => new Response('x'.repeat(101)), 'text/plain;charset=UTF-8'],
  ])('one byte above the inline limit is stored and referenced: %s', async (_, result, contentType) => {
    const { event, store } = await run(result, { inlineLimitBytes: 100 });
    const [key = ''] = store.keys();
    const { versionId, ...object } = store.object(key) ?? {};
    expect(event).toMatchObject({
      datacontenttype: contentType,
      dataref: `s3://payloads/${key}?versionId=${versionId}`,
    });
    expect(key).toMatch(/^results\/r-1\//);
    expect(object).toMatchObject({ contentType, bytes: { byteLength: 101 } });
  });

  test.each([
    ['text that grows by escaping', () => new Response('\u0001'.repeat(900_000))],
    ['bytes that grow by base64', () => Buffer.alloc(900_000)],
  ])('that fits the inline limit but not a message is stored: %s', async (_, result) => {
    const { event, store } = await run(result, { inlineLimitBytes: 1_000_000 });
    expect(event.dataref).toBeDefined();
    expect(store.object(store.keys()[0] ?? '')?.bytes.byteLength).toBe(900_000);
  });

  test('is null if the handler returns nothing', async () => {
    expect((await run(() => {})).event.data).toBeNull();
  });

  test('that breaks off is not published', async () => {
    async function* broken() {
      yield Buffer.alloc(1_000);
      throw new PermanentError('row 5 is broken', { code: 'row_broken' });
    }
    const { problem, store } = await run(() => broken(), { inlineLimitBytes: 100 });
    expect(problem.code).toBe('row_broken');
    expect(store.keys()).toEqual([]);
  });
});

describe('in the raw format', () => {
  const raw: HarnessOptions = { outputFormat: 'raw', inlineLimitBytes: 100 };

  test('a small result is the message', async () => {
    const { output, store } = await run(
      () => new Response('a,b', { headers: { 'content-type': 'text/csv' } }),
      raw,
    );
    expect(output.messages).toMatchObject([
      { body: 'a,b', attributes: { RequestId: { value: 'r-1' }, ContentType: { value: 'text/csv' } } },
    ]);
    expect(store.keys()).toEqual([]);
  });

  test.each([
    ['large', () => 'x'.repeat(99), 101],
    ['control-character', () => Buffer.from([0, 65]), 2],
    ['empty', () => Buffer.alloc(0), 0],
  ])('a %s result is a pointer to a copy that its consumer may delete', async (_, result, size) => {
    const { output, store } = await run(result, raw);
    const [message] = output.messages;
    const [, pointer] = JSON.parse(message?.body ?? '');
    const [original = ''] = store.keys('results/');
    expect(pointer).toEqual({ s3BucketName: 'payloads', s3Key: store.keys('consumer-copies/')[0] });
    expect(message?.attributes.ExtendedPayloadSize).toEqual({ type: 'Number', value: `${size}` });
    expect(store.object(pointer.s3Key)?.bytes).toEqual(store.object(original)?.bytes);
    expect(store.object(original)?.bytes.byteLength).toBe(size);
  });

  test.each([
    ['small', [Buffer.from([0, 255])]],
    ['large', [Buffer.alloc(200, 'x'), Buffer.from([0xc3])]],
    ['large at its first byte', [Buffer.from([255]), Buffer.alloc(200, 'x')]],
  ])(
    'B7: a %s result that is not UTF-8 is a reference that no extended client follows',
    async (_, chunks) => {
      const harness = new EngineHarness(() => Readable.from(chunks), raw);
      harness.output.faults.inject('send', 'fails after');
      await harness.process([requestDelivery('r-1')]);
      await harness.process([requestDelivery('r-1')]);
      const [key = ''] = harness.store.keys('results/');
      const { versionId, bytes } = harness.store.object(key) ?? {};
      const reference = `s3://payloads/${key}?versionId=${versionId}`;
      expect(bytes).toEqual(Buffer.concat(chunks));
      for (const { outcome: _, ...message } of harness.output.messages) {
        expect(message).toEqual({
          body: reference,
          attributes: {
            RequestId: { type: 'String', value: 'r-1' },
            Status: { type: 'String', value: 'succeeded' },
            ContentType: { type: 'String', value: 'application/octet-stream' },
            DataRef: { type: 'String', value: reference },
          },
        });
      }
      expect(harness.output.messages).toHaveLength(2);
      expect(harness.store.keys('consumer-copies/')).toEqual([]);
    },
  );

  test('B7: multibyte text is text, wherever its chunks are cut', async () => {
    const text = Buffer.from('żółć 🧥 '.repeat(50));
    const { output } = await run(() => Readable.from([...text].map((byte) => Buffer.from([byte]))), raw);
    expect(output.messages[0]?.attributes).toHaveProperty('ExtendedPayloadSize');
  });

  test('B7: an attempt checks the stored result of an earlier one, since its own may differ', async () => {
    const harness = new EngineHarness(
      ({ attempt }) => (attempt === 1 ? Buffer.alloc(200, 255) : 'x'.repeat(200)),
      raw,
    );
    harness.store.faults.inject('save', 'fails after');
    await harness.process([requestDelivery('r-1')]);
    await harness.process([requestDelivery('r-1')]);
    expect(harness.output.messages[0]?.attributes).toHaveProperty('DataRef');
    expect(harness.store.keys('consumer-copies/')).toEqual([]);
  });

  test('B7: an attempt also checks a success recorded in another format', async () => {
    const shared = new EngineHarness(() => Buffer.alloc(200, 255), { inlineLimitBytes: 100 });
    await shared.process([requestDelivery('r-1')]);
    const { records, store, output } = shared;
    const now = new EngineHarness(() => 'not run', { ...raw, ports: { records, store, output } });
    await now.process([requestDelivery('r-1')]);
    expect(output.messages.at(-1)?.attributes).toHaveProperty('DataRef');
  });

  test('a republished result is another copy, and does not depend on the first', async () => {
    const harness = new EngineHarness(() => 'x'.repeat(99), raw);
    harness.output.faults.inject('send', 'fails after');
    await harness.process([requestDelivery('r-1')]);
    harness.random.value = 0.7;
    await harness.process([
      requestDelivery('r-1', {}, { deliveryCount: 2, firstDeliveredAt: harness.clock.now() }),
    ]);
    const [first = '', second = ''] = harness.output.messages.map(({ body }) => JSON.parse(body)[1].s3Key);
    harness.store.remove(first);
    expect(harness.store.object(second)?.bytes.byteLength).toBe(101);
    expect(harness.store.keys('results/')).toHaveLength(1);
  });

  test('a result too large to copy is a failure, not an unpublished success', async () => {
    const harness = new EngineHarness(() => 'x'.repeat(299), raw);
    harness.store.maxCopyBytes = 300;
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    const [{ body = '' } = {}] = harness.output.messages;
    expect(JSON.parse(body)).toMatchObject({ code: 'result_too_large', details: { size: 301, limit: 300 } });
    expect(harness.records.record('r-1')).toMatchObject({ status: 'failed' });
  });

  test('a copy that never completes delays only its own request, and the next delivery repeats it', async () => {
    const harness = new EngineHarness((request) => (request.id === 'r-1' ? 'x'.repeat(99) : 'x'), raw);
    harness.store.faults.inject('copyForConsumer', 'never answers');
    const batch = [requestDelivery('r-1'), requestDelivery('r-2')];
    expect(await harness.process(batch, 0.6)).toEqual(['message-r-1']);
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    const published = harness.output.messages.map(({ attributes }) => attributes.RequestId?.value);
    expect(published).toEqual(['r-2', 'r-1']);
    expect(harness.records.record('r-1')).toMatchObject({ attempts: 1 });
  });
});

describe('B2: a request that reuses an id after the earlier record is gone', () => {
  test('gets the result of its own run', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => `${++runs}`.repeat(300), {
      inlineLimitBytes: 100,
      recordAgeDays: 30,
    });
    await harness.process([requestDelivery('r-1')]);
    harness.clock.advanceSeconds(31 * 86_400);
    await harness.process([requestDelivery('r-1')]);
    expect(harness.events.map(({ dataref = '' }) => contentAt(harness, dataref))).toEqual([
      `"${'1'.repeat(300)}"`,
      `"${'2'.repeat(300)}"`,
    ]);
  });

  test('takes over nothing from the earlier request', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => (++runs === 2 ? new Promise(() => {}) : runs), {
      recordAgeDays: 30,
    });
    harness.records.faults.inject('write', 'works', 'fails before');
    await harness.process([requestDelivery('r-1')]);
    expect(harness.store.keys('results/')).toHaveLength(1);
    harness.clock.advanceSeconds(31 * 86_400);
    await harness.process([requestDelivery('r-1')], 0.6);
    harness.clock.advanceSeconds(600);
    await harness.process([requestDelivery('r-1')]);
    expect(harness.event.data).toBe(3);
  });
});

function contentAt({ store }: EngineHarness, dataref: string): string {
  const [, key = ''] = /^s3:\/\/payloads\/(.*)\?/.exec(dataref) ?? [];
  return Buffer.from(store.object(key)?.bytes ?? []).toString();
}

describe('an input schema', () => {
  const order = z.object({ order: z.object({ lines: z.array(z.number()) }), when: z.coerce.date() });
  const handler: Handler<z.infer<typeof order>> = async (request) => (await request.json()).when.getTime();

  test('passes its output to the handler', async () => {
    const processor = defineProcessor({ input: order }, handler);
    const harness = new EngineHarness(processor);
    await harness.process([
      requestDelivery('r-1', { order: { lines: [] }, when: '1970-01-01T00:00:00.005Z' }),
    ]);
    expect(harness.event.data).toBe(5);
  });

  test('fails a mismatch with its issues, and the handler does not run', async () => {
    const processor = defineProcessor({ input: order }, () => {
      throw new Error('not to be run');
    });
    const harness = new EngineHarness(processor);
    const again = await harness.process([
      requestDelivery('r-1', { order: { lines: [1, 'two'] }, when: 'x' }),
    ]);
    expect(again).toEqual([]);
    expect(harness.problem).toMatchObject({
      code: 'input_invalid',
      attempts: 1,
      details: { issues: [{ path: 'order.lines.1', message: expect.any(String) }, { path: 'when' }] },
    });
    expect(harness.problem.detail).toMatch(/order\.lines\.1: .* \(and 1 more\)$/);
  });

  /** Like a custom validation library: asynchronous and with every form of path. */
  const handwritten: StandardSchemaV1<unknown, string> = {
    '~standard': {
      version: 1,
      vendor: 'us',
      validate: async (value) => {
        if (typeof value === 'string') return { value: value.toUpperCase() };
        return {
          issues: [{ message: 'no text', path: ['a', { key: 1 }, Symbol('s')] }, { message: 'at all' }],
        };
      },
    },
  };

  test('can come from any library', async () => {
    const harness = new EngineHarness(defineProcessor({ input: handwritten }, (request) => request.json()));
    await harness.process([requestDelivery('r-1', 'hello')]);
    expect(harness.event.data).toBe('HELLO');
  });

  test('can come from any library and reject', async () => {
    const harness = new EngineHarness(defineProcessor({ input: handwritten }, (request) => request.json()));
    await harness.process([requestDelivery('r-1', 5)]);
    expect(harness.problem.details).toEqual({
      issues: [{ message: 'no text', path: 'a.1.Symbol(s)' }, { message: 'at all' }],
    });
  });

  test('fails input that is not JSON', async () => {
    const harness = new EngineHarness(defineProcessor({ input: order }, handler));
    await harness.process([{ ...requestDelivery('r-1'), body: 'hello' }]);
    expect(harness.problem.code).toBe('json_invalid');
  });
});

describe('a request after its expiry', () => {
  const expiring = { attributes: { RequestId: 'r-1', ExpiresAt: '2026-01-31T12:00:00Z' } };
  const notToBeRun = () => {
    throw new Error('not to be run');
  };

  test('expires and never runs', async () => {
    const harness = new EngineHarness(notToBeRun);
    expect(await harness.process([requestDelivery('r-1', {}, expiring)])).toEqual([]);
    expect(harness.event.type).toBe('coatcheck.request.expired');
    expect(harness.problem.code).toBe('request_expired');
  });

  test('runs if it starts a millisecond earlier', async () => {
    const harness = new EngineHarness(() => 5);
    harness.clock.time -= 1;
    await harness.process([requestDelivery('r-1', {}, expiring)]);
    expect(harness.event.data).toBe(5);
  });

  test('F: expires and is not dead-lettered, even if its attempts are exhausted', async () => {
    const harness = new EngineHarness(() => 'not to be run', { maxAttempts: 1 });
    const { now } = harness.clock;
    // The process of the only attempt dies.
    const claimant = { id: 'r-1', source: '', expiresAt: now() };
    await new RequestRecords(harness.records, now, 30).claim(claimant, now());
    expect(await harness.process([requestDelivery('r-1', {}, { ...expiring, deliveryCount: 2 })])).toEqual(
      [],
    );
    expect(harness.events.map(statusOf)).toEqual(['expired']);
    expect(harness.problem.code).toBe('request_expired');
    expect(harness.records.record('r-1')?.attemptsExhausted).toBeUndefined();
  });

  test('keeps its outcome', async () => {
    const harness = new EngineHarness(() => 5);
    harness.clock.time -= 1;
    await harness.process([requestDelivery('r-1', {}, expiring)]);
    harness.clock.time += 1;
    await harness.process([requestDelivery('r-1', {}, expiring)]);
    expect(harness.events.map(statusOf)).toEqual(['succeeded', 'succeeded']);
  });
});

describe('the record of a request', () => {
  test('is written twice for a success at the first attempt: claimed and completed', async () => {
    let running: RequestRecord | undefined;
    const harness = new EngineHarness(() => {
      running = harness.records.record('r-1');
      return 5;
    });
    await harness.process([requestDelivery('r-1', {}, { attributes: { RequestId: 'r-1' } })]);
    const at = harness.clock.now();
    const request = { id: 'r-1', source: '' };
    const payload = { digest: expect.any(String), messageId: 'message-r-1', sentAt: at };
    const begun = { request, payload, attempts: 1, createdAt: at, updatedAt: at };
    // Until the invocation is killed, plus the possible difference between two clocks.
    expect(running).toEqual({
      ...begun,
      status: 'running',
      history: [{ n: 1, at }],
      startedAt: at,
      leaseEndsAt: at + 61_000,
      leaseId: expect.any(String),
    });
    expect(harness.records.record('r-1')).toEqual({
      ...begun,
      status: 'succeeded',
      history: [{ n: 1, at, ms: 0 }],
      outcome: {
        status: 'succeeded',
        request,
        endedAt: at,
        result: { bytes: Buffer.from('5'), contentType: 'application/json' },
      },
    });
    expect(harness.records.writes).toBe(2);
  });

  test('contains a permanent failure', async () => {
    const { records } = await run(() => {
      throw new PermanentError('row 5 is broken', { code: 'row_broken' });
    });
    expect(records.record('r-1')).toMatchObject({
      status: 'failed',
      outcome: { problem: { code: 'row_broken', attempts: 1 } },
    });
    expect(records.writes).toBe(2);
  });

  test('has a short error of a failed attempt, and is free for the next', async () => {
    const { records } = await run(() => {
      throw Object.assign(new TypeError('x'.repeat(10_000)), { stack: 'secret' });
    });
    const record = records.record('r-1');
    expect(record).toMatchObject({ status: 'queued', attempts: 1 });
    expect(record?.leaseEndsAt).toBeUndefined();
    expect(record?.lastError).toMatchObject({ name: 'TypeError', message: expect.stringMatching(/^x{499}/) });
    expect(record?.lastError?.message).toHaveLength(500);
  });

  test('has the version of the code that claimed it last, in no extra write', async () => {
    const { records } = await run(() => 'done', { handlerVersion: '42' });
    expect(records.record('r-1')).toMatchObject({ status: 'succeeded', handlerVersion: '42' });
    expect(records.writes).toBe(2);
  });

  test('has no version after an attempt of code without one', async () => {
    const fails = () => {
      throw new TypeError('oops');
    };
    const { records } = await run(fails, { handlerVersion: '42' });
    const other = new EngineHarness(fails, { ports: { records } });
    await other.process([requestDelivery('r-1', {}, { deliveryCount: 2 })]);
    expect(records.record('r-1')).toMatchObject({ attempts: 2, handlerVersion: undefined });
  });

  test('counts attempts, however often the message is delivered', async () => {
    const attempts: number[] = [];
    const harness = new EngineHarness((request) => {
      attempts.push(request.attempt);
      if (attempts.length < 3) throw new RetryLater(0);
      throw new PermanentError('enough');
    });
    for (const attempt of [3, 7, 8])
      await harness.process([requestDelivery('r-1', {}, { deliveryCount: attempt })]);
    expect(attempts).toEqual([1, 2, 3]);
    expect(harness.problem.attempts).toBe(3);
  });

  test('is the same for every message of an upload, and differs for another tenant', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => ++runs);
    for (const Tenant of ['acme', 'umbrella', 'acme']) {
      const attributes = { RequestId: 'r-1', Tenant };
      await harness.process([requestDelivery('r-1', {}, { attributes })]);
    }
    expect(harness.events.map(({ tenant, data }) => [tenant, data])).toEqual([
      ['acme', 1],
      ['umbrella', 2],
      ['acme', 1],
    ]);
  });

  test('has no room for a larger result: the store has it as well, and it is published inline every time', async () => {
    const result = 'x'.repeat(RECORDED_RESULT_BYTES);
    const harness = await run(() => result);
    const [key = ''] = harness.store.keys('results/');
    expect(harness.records.record('r-1')?.outcome).toMatchObject({
      result: { check: { key }, size: RECORDED_RESULT_BYTES + 2, contentType: 'application/json' },
    });
    await harness.process([requestDelivery('r-1')]);
    const [first, second] = harness.events;
    expect(first?.data).toBe(result);
    expect(second).toEqual(first);
  });

  test('outlives such a result: then the reference is published', async () => {
    const harness = await run(() => 'x'.repeat(RECORDED_RESULT_BYTES));
    const [key = ''] = harness.store.keys('results/');
    harness.store.purge(key);
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(harness.events[1]).toMatchObject({
      id: harness.events[0]?.id,
      dataref: expect.stringContaining(key),
    });
  });

  test('contains a result that fits', async () => {
    const { records, store } = await run(() => Buffer.alloc(RECORDED_RESULT_BYTES));
    expect(store.keys()).toEqual([]);
    expect(records.record('r-1')?.outcome).toMatchObject({
      result: { bytes: Buffer.alloc(RECORDED_RESULT_BYTES) },
    });
  });
});
