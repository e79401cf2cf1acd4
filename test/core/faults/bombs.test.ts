import { describe, expect, test } from 'vitest';
import { PayloadChecksumMismatch } from '../../../lib/core/base/errors.ts';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { s3Event, s3Record } from '../../support/s3-records.ts';
import { MeteredBody } from '../../support/streams.ts';

const GIBIBYTE = 1_073_741_824;

function upload(size?: number) {
  return delivery(s3Event(s3Record({ key: 'requests/a', size })));
}

const READERS: [string, Handler][] = [
  ['bytes', async (request) => (await request.bytes()).byteLength],
  ['text', async (request) => (await request.text()).length],
  ['JSON', (request) => request.json()],
  ['a stream', async (request) => (await new Response(request.stream()).arrayBuffer()).byteLength],
];

/** A service with a single payload in its store, generated while it is read. */
function serviceWith(body: MeteredBody, size: number | undefined, handler: Handler) {
  let discarded = false;
  const discard = () => {
    discarded = true;
  };
  const store = {
    open: async () => ({ body, metadata: {}, discard, ...(size === undefined ? {} : { size }) }),
    versionOf: async () => undefined,
    recall: () => Promise.reject(new Error('not to be called')),
    save: () => Promise.reject(new Error('not to be called')),
    copyForConsumer: () => Promise.reject(new Error('not to be called')),
    maxCopyBytes: 0,
  };
  const limits = { maxPayloadBytes: 10_000_000, maxBufferedBytes: 1_000_000 };
  const harness = new EngineHarness(handler, { ...limits, ports: { store } });
  return { harness, discarded: () => discarded };
}

describe('fault 38: a payload too large', () => {
  test.each(READERS)('by its event is not requested by a handler that reads %s', async (_, handler) => {
    const harness = new EngineHarness(handler, { maxPayloadBytes: 1_000 });
    expect(await harness.process([upload(1_001)])).toEqual([]);
    expect(harness.problem).toMatchObject({
      code: 'payload_too_large',
      details: { size: 1_001, limit: 1_000 },
    });
    expect(harness.store.opened).toEqual([]);
  });

  test.each(READERS)('by its Content-Length is not read by a handler that reads %s', async (_, handler) => {
    const body = new MeteredBody(GIBIBYTE);
    const { harness, discarded } = serviceWith(body, GIBIBYTE, handler);
    expect(await harness.process([upload()])).toEqual([]);
    expect(harness.problem.code).toBe('payload_too_large');
    expect(body.bytesRead).toBe(0);
    expect(discarded()).toBe(true);
  });

  test.each([
    ['bytes', 1_000_000],
    ['text', 1_000_000],
    ['JSON', 1_000_000],
    ['a stream', 10_000_000],
  ])('without a size is read only up to the limit: as %s', async (form, limit) => {
    const body = new MeteredBody(GIBIBYTE);
    const handler = READERS.find(([name]) => name === form)?.[1] ?? (() => {});
    const { harness } = serviceWith(body, undefined, handler);
    expect(await harness.process([upload()])).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'payload_too_large', details: { limit } });
    expect(body.bytesRead).toBeLessThanOrEqual(limit + 65_536);
    expect(body.released).toBe(true);
  });

  test('for memory but small enough to stream is not read', async () => {
    const body = new MeteredBody(5_000_000);
    const { harness } = serviceWith(body, 5_000_000, (request) => request.text());
    await harness.process([upload()]);
    expect(harness.problem).toMatchObject({ code: 'payload_too_large', details: { limit: 1_000_000 } });
    expect(body.bytesRead).toBe(0);
  });

  test('is refused even if its event claims otherwise', async () => {
    const body = new MeteredBody(5_000_000);
    const { harness } = serviceWith(body, 5_000_000, (request) => request.text());
    await harness.process([upload(5)]);
    expect(harness.problem).toMatchObject({
      code: 'payload_size_mismatch',
      details: { expected: 5, actual: 5_000_000 },
    });
    expect(body.bytesRead).toBe(0);
  });

  test('streams with only one chunk in memory', async () => {
    const body = new MeteredBody(9_000_000);
    let most = 0;
    const { harness } = serviceWith(body, 9_000_000, async (request) => {
      let handled = 0;
      for await (const chunk of request.stream()) {
        handled += chunk.byteLength;
        most = Math.max(most, body.bytesRead - handled);
      }
      return handled;
    });
    await harness.process([upload()]);
    expect(harness.event.data).toBe(9_000_000);
    expect(most).toBeLessThanOrEqual(2 * 65_536);
  });
});

describe('fault 38: JSON nested too deep', () => {
  const bomb = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

  test('in a message is refused', async () => {
    const harness = new EngineHarness(() => 5);
    expect(await harness.process([{ ...requestDelivery('r-1'), body: bomb }])).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'json_too_deep', details: { limit: 128 } });
  });

  test('in a payload is refused', async () => {
    const harness = new EngineHarness((request) => request.json());
    harness.store.put('requests/a', bomb);
    expect(await harness.process([upload(bomb.length)])).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'json_too_deep', details: { limit: 128 } });
  });

  test('in a payload that is not parsed does no harm', async () => {
    const harness = new EngineHarness(async (request) => (await request.text()).length);
    harness.store.put('requests/a', bomb);
    await harness.process([upload(bomb.length)]);
    expect(harness.event.data).toBe(bomb.length);
  });
});

describe('fault 38: a payload that differs from the submitted one', () => {
  test('by its checksum fails permanently', async () => {
    async function* corrupt() {
      yield Buffer.from('hello');
      throw new PayloadChecksumMismatch('s3://payloads/requests/a');
    }
    const { harness } = serviceWith(
      Object.assign(new MeteredBody(0), { [Symbol.asyncIterator]: corrupt }),
      5,
      (request) => request.text(),
    );
    expect(await harness.process([upload(5)])).toEqual([]);
    expect(harness.problem.code).toBe('payload_checksum_mismatch');
  });

  test('because its upload was cut short fails permanently', async () => {
    const harness = new EngineHarness((request) => request.text());
    harness.store.put('requests/a', 'hell');
    expect(await harness.process([upload(5)])).toEqual([]);
    expect(harness.problem).toMatchObject({
      code: 'payload_size_mismatch',
      details: { expected: 5, actual: 4 },
    });
  });

  test('because the connection broke is retried, and no partial result is published', async () => {
    const harness = new EngineHarness((request) => request.text());
    harness.store.put('requests/a', 'hello', { endsAfter: 4 });
    expect(await harness.process([upload(5)])).toEqual(['message-1']);
    expect(harness.events).toEqual([]);
  });
});
