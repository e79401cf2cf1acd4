import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PayloadEmpty, PayloadLimitExceeded } from '../../../lib/core/base/errors.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../../../lib/core/config/aws-limits.ts';
import { decodedRequest } from '../../support/decoded.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { SubmissionService, submitRequest } from '../../support/submission-service.ts';
import { START } from '../../support/test-clock.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a submission', () => {
  test('creates a message and a record with the same content', async () => {
    const service = new SubmissionService();
    const expiresAt = START + 60_000;
    const record = await service.submit({
      tenant: 'acme',
      traceparent: TRACEPARENT,
      expiresAt,
      metadata: { a: 'b' },
    });
    const { id } = record.request;
    expect(record).toEqual({
      request: { id, source: '', tenant: 'acme', traceparent: TRACEPARENT, expiresAt },
      status: 'queued',
      attempts: 0,
      createdAt: START,
      updatedAt: START,
    });
    expect(service.harness.records.all().map((stored) => stored.record)).toEqual([record]);
    const [sent, ...more] = service.queue.sent;
    expect(more).toEqual([]);
    expect(sent?.tenant).toBe('acme');
    expect(decodedRequest(sent?.message)).toMatchObject({
      id,
      tenant: 'acme',
      traceparent: TRACEPARENT,
      expiresAt,
      contentType: 'text/plain',
      metadata: { a: 'b' },
      submittedAt: START,
      payload: { inline: 'hello' },
    });
  });

  test('gets an id that contains its time and cannot be guessed', async () => {
    const service = new SubmissionService();
    const { request } = await service.submit();
    // The first 48 bits of a UUID of version 7 are milliseconds since 1970.
    expect(request.id).toMatch(/^019c13ec-9e00-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect((await service.submit()).request.id).not.toBe(request.id);
  });

  test('without a key is a new request each time', async () => {
    const service = new SubmissionService();
    await service.submit();
    await service.submit();
    await service.deliver();
    expect(service.runs).toHaveLength(2);
  });

  test('sends the message before it writes the record', async () => {
    const calls: string[] = [];
    const service = new SubmissionService({
      around: (call, effect) => {
        calls.push(call);
        return effect();
      },
      settings: { inlineLimitBytes: 4 },
    });
    await service.submit({ idempotencyKey: 'k' });
    expect(calls).toEqual(['take', 'save', 'send', 'write']);
  });

  test('with an id looks for a request that has it, before it takes the id', async () => {
    const calls: string[] = [];
    const around = <Value>(call: string, effect: () => Promise<Value>) => {
      calls.push(call);
      return effect();
    };
    const service = new SubmissionService({ around, settings: { inlineLimitBytes: 4 } });
    await service.submit({ id: 'order-17' });
    expect(calls).toEqual(['read', 'take', 'save', 'send', 'write']);
    await service.submit({ id: 'order-17' });
    expect(calls.slice(5)).toEqual(['read', 'read']);
  });

  test('with an empty payload is refused', async () => {
    const service = new SubmissionService();
    await expect(service.submit({ payload: new Uint8Array() })).rejects.toThrow(PayloadEmpty);
    expect(service.queue.sent).toEqual([]);
  });

  test('of the maximum size is accepted, one more byte is refused', async () => {
    const service = new SubmissionService({ settings: { maxPayloadBytes: 5 } });
    await service.submit({ payload: Buffer.from('12345') });
    const refused = service.submit({ payload: Buffer.from('123456'), idempotencyKey: 'k' });
    await expect(refused).rejects.toThrow(PayloadLimitExceeded);
    // The key is free: a refused submission does not take it.
    await service.submit({ idempotencyKey: 'k' });
    expect(service.queue.sent).toHaveLength(2);
  });

  test('is accepted even if writing its record fails', async () => {
    const service = new SubmissionService({
      around: (call, effect) => (call === 'write' ? Promise.reject(new Error('no table')) : effect()),
    });
    const record = await service.submit({ tenant: 'acme' });
    expect(record).toMatchObject({ status: 'queued', createdAt: START, request: { tenant: 'acme' } });
    expect(service.harness.logger.lines).toMatchObject([
      { level: 'warn', fields: { requestId: record.request.id, error: { message: 'no table' } } },
    ]);
    await service.deliver();
    expect(service.runs.map(({ id }) => id)).toEqual([record.request.id]);
    expect(service.harness.records.all()).toMatchObject([
      { record: { status: 'succeeded', request: record.request } },
    ]);
  });

  test('returns the current record if its request ends before it is recorded', async () => {
    const service: SubmissionService = new SubmissionService({
      around: async (call, effect) => {
        if (call === 'write') await service.deliver();
        return effect();
      },
    });
    expect(await service.submit()).toMatchObject({ status: 'succeeded', attempts: 1 });
  });
});

describe('a payload', () => {
  const LIMIT = 100;

  async function submitted(payload: Uint8Array, inlineLimitBytes: number, contentType = 'application/x-any') {
    const service = new SubmissionService({ settings: { inlineLimitBytes } });
    const { request } = await service.submit({ payload, contentType, metadata: { a: 'b' }, tenant: 'acme' });
    const message = service.queue.sent[0]?.message ?? '';
    return { service, id: request.id, message, keys: service.harness.store.keys() };
  }

  test('up to the inline limit is in the message', async () => {
    const { keys, message } = await submitted(Buffer.alloc(LIMIT, 'x'), LIMIT);
    expect(keys).toEqual([]);
    expect(message).toContain('eHh4eHh4');
  });

  test('above the limit is stored outside the upload prefix, and the message refers to it', async () => {
    const { service, keys, id, message } = await submitted(Buffer.alloc(LIMIT + 1, 'x'), LIMIT);
    expect(keys).toEqual([`payloads/${id}`]);
    expect(service.harness.store.object(`payloads/${id}`)).toMatchObject({
      contentType: 'application/x-any',
      bytes: Buffer.alloc(LIMIT + 1, 'x'),
    });
    expect(decodedRequest(message)).toMatchObject({
      id,
      tenant: 'acme',
      contentType: 'application/x-any',
      metadata: { a: 'b' },
      payload: { bucket: 'payloads', key: `payloads/${id}`, versionId: 'v1', size: LIMIT + 1 },
    });
  });

  test.each([
    ['but too large for a message in base64', Buffer.alloc(900_000, 0xff), 'application/octet-stream'],
    ['but too large for a message with its escapes', Buffer.alloc(900_000, '\u0001'), 'text/plain'],
    [
      'but too large with characters that a message cannot hold',
      Buffer.from('\uffff'.repeat(300_000)),
      'text/plain',
    ],
  ])('below the inline limit %s is stored', async (_, payload, contentType) => {
    const { service, keys, id, message } = await submitted(payload, 1_000_000, contentType);
    expect(keys).toEqual([`payloads/${id}`]);
    expect(Buffer.byteLength(message)).toBeLessThan(1_000);
    await service.deliver();
    expect(service.runs.map((run) => run.text.length)).toEqual([payload.toString().length]);
  });

  test('that fills a message exactly is inline, one byte more is not', async () => {
    const bare = (await submitted(Buffer.from('x'), 1_000_000, 'text/plain')).message.length - 1;
    // A quote is two bytes in JSON.
    const free = SQS_MAX_MESSAGE_BYTES - bare;
    const quotes = (length: number) =>
      Buffer.from('"'.repeat(length - 900_000) + 'x'.repeat(1_800_000 - length));
    const fits = await submitted(quotes(free), 1_000_000, 'text/plain');
    expect(Buffer.byteLength(fits.message)).toBe(SQS_MAX_MESSAGE_BYTES);
    expect(fits.keys).toEqual([]);
    expect((await submitted(quotes(free + 1), 1_000_000, 'text/plain')).keys).toHaveLength(1);
  });

  test('is not sent if storing it fails', async () => {
    const service = new SubmissionService({ settings: { inlineLimitBytes: 4 } });
    service.harness.store.faults.inject('save', 'fails before');
    await expect(service.submit()).rejects.toThrow('save failed');
    expect(service.queue.sent).toEqual([]);
    expect(service.harness.records.all()).toEqual([]);
  });

  test('reaches the handler byte for byte, inline or stored, with its content type and metadata', async () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json({ maxDepth: 4 }),
      fc.json().map((json) => ` ${json}\n`),
      fc.constantFrom(
        '1e400',
        '12345678901234567890',
        '{"a":1,"a":2}',
        '\ufeff{}',
        '\ufffe',
        '"\ud800"',
        '[1,]',
        'null',
      ),
      fc.integer({ min: 120, max: 135 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
    );
    const payloads = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      texts.filter((text) => text !== '').map((text) => new Uint8Array(Buffer.from(text))),
    );
    const contentTypes = fc.constantFrom(
      'application/json',
      'APPLICATION/JSON; charset=utf-16',
      'application/problem+json',
      'text/plain',
      'text/plain; charset=iso-8859-1',
      'image/svg+xml',
      'application/octet-stream',
      'x',
    );
    const metadata = fc.dictionary(
      fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,10}$/),
      fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/),
    );
    await fc.assert(
      fc.asyncProperty(
        payloads,
        contentTypes,
        metadata,
        fc.nat({ max: 200 }),
        async (payload, contentType, metadata, inlineLimitBytes) => {
          const service = new SubmissionService({ settings: { inlineLimitBytes } });
          await service.submit({ payload, contentType, metadata });
          const received: unknown[] = [];
          const harness = new EngineHarness(async (request) => {
            received.push([
              Buffer.from(await request.bytes()),
              request.contentType,
              request.metadata,
              request.size,
            ]);
          });
          const [key] = service.harness.store.keys();
          if (key) harness.store.put(key, service.harness.store.object(key)?.bytes ?? '');
          await harness.process(service.queue.sent.map(({ message }) => delivery(message)));
          expect(received).toEqual([[Buffer.from(payload), contentType, metadata, payload.byteLength]]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('a retry has the metadata that the record of the earlier request keeps', async () => {
  const service = new SubmissionService({ settings: { recordMetadata: ['customer'] } });
  const metadata = { customer: 'acme', order: '17' };
  const earlier = { id: 'r-1', source: '', payload: { inline: 'hello' }, metadata };
  await service.submissions.retry(earlier, 'r-2');
  expect(service.harness.records.record('r-2')).toMatchObject({
    status: 'queued',
    metadata: { customer: 'acme' },
    request: { retryOf: 'r-1' },
  });
  const prepared = await service.submissions.prepare(submitRequest({ metadata }), 'r-3', 'object');
  expect(prepared.record.record.metadata).toEqual({ customer: 'acme' });
  // The message has all of them.
  expect(prepared.message).toContain('17');
});

test.each([
  ['', '""'],
  ['a\nb', '"a\\nb"'],
  [JSON.parse('null'), 'null'],
  [JSON.parse('5'), '5'],
])('an idempotency key %j is refused', async (idempotencyKey, got) => {
  const service = new SubmissionService();
  await expect(service.submit({ idempotencyKey })).rejects.toMatchObject({
    code: 'idempotency_key_invalid',
    message: `idempotencyKey must be text with at least 1 character and without control characters, or be left out, got ${got}`,
  });
  expect(service.queue.sent).toEqual([]);
});
