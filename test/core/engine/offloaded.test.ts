import { describe, expect, test, vi } from 'vitest';
import { SQS_MAX_MESSAGE_BYTES } from '../../../lib/core/config/aws-limits.ts';
import { maxReceivesOf } from '../../../lib/core/config/receive-budget.ts';
import { decodeOffloaded, isOffloaded } from '../../../lib/core/engine/offloaded.ts';
import type { Decoded } from '../../../lib/core/model/decoded-request.ts';
import { decode } from '../../../lib/core/wire/decode.ts';
import type { MemoryMessage } from '../../../lib/stores/memory/input-queue.ts';
import { MemoryPayloadStore } from '../../../lib/stores/memory/payload-store.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';
import { engineSettings } from '../../support/settings.ts';

/**
 * What extended clients write, and the content type their objects get: Python's `amazon-sqs-extended-client` 1.0.1 writes
 * JSON with spaces, Java's `amazon-sqs-java-extended-client-lib` 2.1.1 without and, by default, the older attribute.
 */
const CLIENTS = {
  python: {
    pointer: (key: string) =>
      `["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": "payloads", "s3Key": "${key}"}]`,
    sizeAttribute: 'ExtendedPayloadSize',
    contentType: 'binary/octet-stream',
  },
  java: {
    pointer: (key: string) =>
      `["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"payloads","s3Key":"${key}"}]`,
    sizeAttribute: 'SQSLargePayloadSize',
    contentType: 'text/plain; charset=UTF-8',
  },
} as const;

const KEY = '7a3c9e5e-5d0e-4a39-9d38-6a7b0c3f5a11';

/** A message as it is delivered when an extended client stored its body. */
function offload(
  store: MemoryPayloadStore,
  body: string | Uint8Array,
  attributes: MemoryMessage['attributes'] = {},
  client: keyof typeof CLIENTS = 'python',
): MemoryMessage {
  const { pointer, sizeAttribute, contentType } = CLIENTS[client];
  store.put(KEY, body, { contentType });
  const size = String(Buffer.byteLength(body));
  return delivery(pointer(KEY), { attributes: { ...attributes, [sizeAttribute]: size } });
}

const cloudEvent = { specversion: '1.0', id: 'order-17', source: '/shop', type: 'order.placed' };

/** The beginning of a large CloudEvent as SDKs write it, and all of it. */
function largeCloudEvent(bytes: number): string {
  return `${JSON.stringify(cloudEvent).slice(0, -1)},"data":"${'x'.repeat(bytes)}"}`;
}

async function decodeStored(
  message: MemoryMessage,
  store: MemoryPayloadStore,
  limits: Partial<typeof SETTINGS> = {},
): Promise<readonly Decoded[]> {
  const [request] = decode(message, SETTINGS);
  if (!request) throw new Error('the message holds no request');
  if (!isOffloaded(request)) return [request];
  const { signal } = new AbortController();
  return decodeOffloaded(request, message, store, { ...SETTINGS, ...limits }, signal);
}

const SETTINGS = engineSettings();

describe.each(['python', 'java'] as const)('B6: a message that the %s client offloaded', (client) => {
  const bodies: [string, string, MemoryMessage['attributes']?][] = [
    ['JSON', '{"x":6,"y":7}'],
    ['JSON with its id and notes', '[1,2]', { RequestId: 'r-1', Tenant: 'a', Colour: 'red' }],
    ['JSON that is no object', ' "text" '],
    ['text', 'Grüße, 🧥'],
    ['text that looks like JSON', '{"x":6'],
    ['a type of its own', 'a,b\n1,2', { ContentType: 'text/csv' }],
    ['a CloudEvent', JSON.stringify({ ...cloudEvent, data: { x: 1 }, tenant: 'a' }), { RequestId: 'no' }],
    ['a CloudEvent of bytes', JSON.stringify({ ...cloudEvent, data_base64: 'AAEC' })],
    ['a CloudEvent by reference', JSON.stringify({ ...cloudEvent, dataref: 's3://payloads/a' })],
    ['a CloudEvent that breaks the rules', JSON.stringify({ ...cloudEvent, type: '', data: 1 })],
    ['an S3 event', s3Event(s3Record({ key: 'requests/a' }), s3Record({ key: 'requests/b' }))],
    ['S3’s test event', JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' })],
    ['an expiry that is no time', 'hello', { ExpiresAt: 'tomorrow', RequestId: 'r-1' }],
  ];

  test.each(bodies)('is what it is when it comes whole: %s', async (_, body, attributes) => {
    const store = new MemoryPayloadStore();
    const message = offload(store, body, attributes, client);
    const whole = decode(delivery(body, { attributes: message.attributes }), SETTINGS);
    expect(await decodeStored(message, store)).toEqual(whole);
    expect(store.unreleased).toBe(0);
  });
});

describe('B6: an offloaded message larger than any that comes whole', () => {
  const LARGE = SQS_MAX_MESSAGE_BYTES + 1;

  test.each([
    ['JSON', `{"a":"${'x'.repeat(LARGE)}"}`, 'application/json'],
    ['text', 'x'.repeat(LARGE), 'text/plain; charset=utf-8'],
    ['text cut off in a character', 'ü'.repeat(LARGE), 'text/plain; charset=utf-8'],
    [
      'JSON of no event, though it names a version',
      `{"a":{"specversion":"${'x'.repeat(LARGE)}"}}`,
      'application/json',
    ],
    [
      'JSON of no message, though it names a request',
      `{"request_id":"a","customer":"b","body":"${'x'.repeat(LARGE)}"}`,
      'application/json',
    ],
  ])('stays where it is, read no further than to know that: %s', async (_, body, contentType) => {
    const store = new MemoryPayloadStore();
    const [request] = await decodeStored(offload(store, body, { RequestId: 'r-1' }), store);
    const { versionId } = store.object(KEY) ?? {};
    const size = Buffer.byteLength(body);
    expect(request).toMatchObject({
      id: 'r-1',
      contentType,
      payload: { bucket: 'payloads', key: KEY, versionId, size },
    });
    expect(request && isOffloaded(request)).toBe(false);
    expect(store.bytesRead).toBeLessThanOrEqual(SQS_MAX_MESSAGE_BYTES + 65_536);
    expect(store.unreleased).toBe(0);
  });

  test('streams through', async () => {
    const harness = new EngineHarness(async (request) => {
      let bytes = 0;
      for await (const chunk of request.stream()) bytes += chunk.byteLength;
      return bytes;
    });
    await harness.process([offload(harness.store, 'x'.repeat(3_000_000))]);
    expect(harness.event.data).toBe(3_000_000);
  });

  test('is decoded when it is a CloudEvent', async () => {
    const store = new MemoryPayloadStore();
    const [request] = await decodeStored(offload(store, largeCloudEvent(LARGE)), store);
    expect(request).toMatchObject({ id: 'order-17', source: '/shop', metadata: { type: 'order.placed' } });
  });

  test.each([
    ['second', `{"tfy_request_id":"abc","tfy_stream_response":true,"text":"${'x'.repeat(LARGE)}"}`],
    ['first', `{"request_id":"abc","body":{"text":"${'x'.repeat(LARGE)}"},"stream_response":true}`],
  ])(
    'is decoded when it is a message of TrueFoundry’s async service, of the %s generation',
    async (_, body) => {
      const store = new MemoryPayloadStore();
      const [request] = await decodeStored(offload(store, body), store);
      expect(request).toMatchObject({
        id: 'abc',
        streamed: true,
        payload: { inline: `{"text":"${'x'.repeat(LARGE)}"}` },
      });
    },
  );

  test('and than memory may hold: a CloudEvent is refused by its code', async () => {
    const harness = new EngineHarness(() => {}, { maxBufferedBytes: 2_000_000 });
    const message = offload(harness.store, largeCloudEvent(9_000_000), { RequestId: 'r-1' });
    expect(await harness.process([message])).toEqual([]);
    expect(harness.event.subject).toBe('r-1');
    expect(harness.problem).toMatchObject({ code: 'payload_too_large', details: { limit: 2_000_000 } });
    expect(harness.store.bytesRead).toBeLessThanOrEqual(2_000_000 + 65_536);
    expect(harness.store.unreleased).toBe(0);
  });
});

describe('B6: a pointer', () => {
  test('to an object that is no text is for the object, of its own type', async () => {
    const store = new MemoryPayloadStore();
    const message = delivery(CLIENTS.java.pointer(KEY));
    const versionId = store.put(KEY, Buffer.from([0x89, 0x50, 0xff]), { contentType: 'image/png' });
    expect(await decodeStored(message, store)).toMatchObject([
      { contentType: 'image/png', payload: { bucket: 'payloads', key: KEY, versionId, size: 3 } },
    ]);
  });

  test('gives the request what was noted on the object, and what the message says beats it', async () => {
    const store = new MemoryPayloadStore();
    const message = delivery(CLIENTS.java.pointer(KEY), { attributes: { colour: 'red' } });
    store.put(KEY, 'hello', { metadata: { colour: 'blue', customer: '7' } });
    expect(await decodeStored(message, store)).toMatchObject([
      { metadata: { colour: 'red', customer: '7' } },
    ]);
  });

  test('that SNS wrapped has the attributes and the id that it was published with', async () => {
    const store = new MemoryPayloadStore();
    store.put(KEY, 'hello');
    const MessageAttributes = {
      Tenant: { Type: 'String', Value: 'a' },
      ContentType: { Type: 'String', Value: 'text/csv' },
    };
    const MessageId = '95df01b4-ee98-5cb9-9903-4c221d41eb5e';
    const wrapped = JSON.stringify({
      Type: 'Notification',
      MessageId,
      TopicArn: 'arn:aws:sns:eu-central-1:000000000000:orders',
      Message: CLIENTS.java.pointer(KEY),
      Timestamp: '2026-11-28T12:00:00.000Z',
      MessageAttributes,
    });
    expect(await decodeStored(delivery(wrapped), store)).toMatchObject([
      { id: MessageId, tenant: 'a', contentType: 'text/csv', payload: { inline: 'hello' } },
    ]);
  });

  test('on its last receives is still read: the request that it holds is the one that ends', async () => {
    const harness = new EngineHarness(() => {
      throw new Error('no');
    });
    const message = offload(harness.store, JSON.stringify({ ...cloudEvent, data: 1 }));
    expect(await harness.process([message])).toEqual(['message-1']);
    const attempt = maxReceivesOf(harness.settings.maxAttempts);
    const last = { ...message, deliveryCount: attempt, firstDeliveredAt: harness.clock.now() };
    expect(await harness.process([last])).toEqual([]);
    expect(harness.event).toMatchObject({ subject: 'order-17', requestsource: '/shop' });
    expect(harness.problem).toMatchObject({ code: 'attempts_exhausted', attempts: 1 });
  });

  test('whose object can’t be read until its last receives is given up as it is known without it', async () => {
    const harness = new EngineHarness(() => {});
    const message = offload(harness.store, 'hello', { RequestId: 'r-1' });
    harness.store.faults.inject('open', 'fails before');
    const attempt = maxReceivesOf(harness.settings.maxAttempts);
    const last = { ...message, deliveryCount: attempt, firstDeliveredAt: harness.clock.now() };
    expect(await harness.process([last])).toEqual([]);
    expect(harness.event.subject).toBe('r-1');
    expect(harness.problem.code).toBe('attempts_exhausted');
  });

  test('to a pointer is rejected', async () => {
    const store = new MemoryPayloadStore();
    const message = offload(store, CLIENTS.java.pointer('another'), { RequestId: 'r-1' });
    expect(await decodeStored(message, store)).toMatchObject([
      { id: 'r-1', rejection: { code: 'envelope_malformed' } },
    ]);
  });

  test.each([
    ['a pointer', CLIENTS.java.pointer('another')],
    ['JSON too deep', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ])('to %s is a rejected request, published at once', async (_, body) => {
    const harness = new EngineHarness(() => {});
    expect(await harness.process([offload(harness.store, body, { RequestId: 'r-1' })])).toEqual([]);
    expect(harness.statuses).toEqual({ 'r-1': 'failed' });
  });

  test('has its outcome published without a wait for others', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const harness = new EngineHarness(() => 'done');
      expect(await harness.process([offload(harness.store, 'hello', { RequestId: 'r-1' })])).toEqual([]);
      expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
    } finally {
      vi.useRealTimers();
    }
  });

  test('to an empty object is a request that fails, under the id it has without the object', async () => {
    const harness = new EngineHarness(() => {});
    expect(await harness.process([offload(harness.store, '', { RequestId: 'r-1' })])).toEqual([]);
    expect(harness.problem.code).toBe('payload_empty');
    expect(harness.records.record('r-1')).toMatchObject({ status: 'failed' });
  });

  test('whose object breaks off is read again', async () => {
    const harness = new EngineHarness((request) => request.text());
    const message = offload(harness.store, 'hello');
    harness.store.put(KEY, 'hello', { endsAfter: 2 });
    expect(await harness.process([message])).toEqual(['message-1']);
    expect(harness.records.all()).toEqual([]);
    harness.store.put(KEY, 'hello');
    expect(await harness.process([message])).toEqual([]);
    expect(harness.event.data).toBe('hello');
  });

  test('several times in a batch, to one event, has its handler run once', async () => {
    let runs = 0;
    const harness = new EngineHarness(() => ++runs);
    const message = offload(harness.store, JSON.stringify({ ...cloudEvent, data: 1 }));
    await harness.process([message, { ...message, id: 'message-2', receipt: 'receipt-2' }]);
    expect(runs).toBe(1);
  });

  test('to an S3 event of several uploads is done when all of them are', async () => {
    const harness = new EngineHarness(async (request) => {
      const text = await request.text();
      if (text === 'not yet' && request.attempt === 1) throw new Error('try again');
      return text;
    });
    harness.store.put('requests/a', 'hello');
    harness.store.put('requests/b', 'not yet');
    const records = ['a', 'b'].map((name) => s3Record({ key: `requests/${name}`, size: undefined }));
    const message = offload(harness.store, s3Event(...records));
    expect(await harness.process([message])).toEqual(['message-1']);
    expect(harness.events.map(({ data }) => data)).toEqual(['hello']);
    expect(await harness.process([message])).toEqual([]);
    expect(harness.events.map(({ data }) => data)).toEqual(['hello', 'not yet', 'hello']);
  });
});

test('B6: a schema takes offloaded JSON as it takes JSON', async () => {
  const harness = new EngineHarness(async (request) => {
    if (request.contentType !== 'application/json') throw new Error(`${request.contentType}`);
    const { x } = (await request.json()) as { x: number };
    return { twice: 2 * x };
  });
  await harness.process([offload(harness.store, JSON.stringify({ x: 21 }))]);
  expect(harness.event.data).toEqual({ twice: 42 });
});
