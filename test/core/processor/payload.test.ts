import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  ClaimCheckRefused,
  ContentEncodingUnsupported,
  PayloadCutShort,
  PayloadDenied,
  PayloadEmpty,
  PayloadLimitExceeded,
  PayloadMissing,
  PayloadSizeMismatch,
  PayloadUsed,
} from '../../../lib/core/base/errors.ts';
import type { DecodedRequest } from '../../../lib/core/model/decoded-request.ts';
import { openPayload, type PayloadLimits } from '../../../lib/core/processor/payload.ts';
import { MemoryPayloadStore } from '../../../lib/stores/memory/payload-store.ts';
import { readAll } from '../../support/streams.ts';

const LIMITS: PayloadLimits = {
  maxPayloadBytes: 1_000,
  maxBufferedBytes: 500,
  claimCheckSources: ['payloads'],
};
const SIGNAL = new AbortController().signal;

function open(
  store: MemoryPayloadStore,
  payload: DecodedRequest['payload'],
  given: Partial<DecodedRequest> = {},
  limits: Partial<PayloadLimits> = {},
) {
  const request = { id: 'r-1', source: '', metadata: {}, ...given, payload };
  return openPayload(request, store, { ...LIMITS, ...limits }, SIGNAL);
}

function stored(key = 'requests/a', more: { versionId?: string; size?: number } = {}) {
  return { bucket: 'payloads', key, ...more };
}

describe('a payload', () => {
  test('in the store has what the uploader noted, and what the message says beats it', async () => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'a,b', { contentType: 'text/csv', metadata: { customer: '7', colour: 'red' } });
    const plain = await open(store, stored());
    expect(plain).toMatchObject({
      size: 3,
      contentType: 'text/csv',
      metadata: { customer: '7', colour: 'red' },
    });
    const described = await open(store, stored(), {
      contentType: 'text/plain',
      metadata: { colour: 'blue' },
    });
    expect(described).toMatchObject({
      contentType: 'text/plain',
      metadata: { customer: '7', colour: 'blue' },
    });
  });

  test('is the version the message names', async () => {
    const store = new MemoryPayloadStore();
    const versionId = store.put('requests/a', 'first');
    store.put('requests/a', 'second');
    const payload = await open(store, stored('requests/a', { versionId }));
    expect(String(await payload.bytes())).toBe('first');
  });

  test('isn’t read before somebody asks', async () => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'x'.repeat(400));
    const payload = await open(store, stored());
    expect(store.bytesRead).toBe(0);
    payload.discard();
    expect(store.unreleased).toBe(0);
  });

  test('inline has the size of its bytes', async () => {
    const payload = await open(new MemoryPayloadStore(), { inline: 'ü' }, { contentType: 'text/plain' });
    expect(payload).toMatchObject({ size: 2, contentType: 'text/plain' });
  });
});

describe.each(['inline', 'stored'])('a payload that is %s', (kind) => {
  function opened() {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'hello', { chunkBytes: 2 });
    return open(store, kind === 'inline' ? { inline: Buffer.from('hello') } : stored());
  }

  test('can be had as bytes any number of times', async () => {
    const payload = await opened();
    expect(String(await payload.bytes())).toBe('hello');
    expect(String(await payload.bytes())).toBe('hello');
  });

  test('can be streamed once', async () => {
    const payload = await opened();
    expect(String(await readAll(payload.stream()))).toBe('hello');
    expect(() => payload.stream()).toThrow(PayloadUsed);
    await expect(payload.bytes()).rejects.toThrow(PayloadUsed);
  });

  test('can be streamed from memory when it is there', async () => {
    const payload = await opened();
    await payload.bytes();
    expect(String(await readAll(payload.stream()))).toBe('hello');
    expect(String(await readAll(payload.stream()))).toBe('hello');
  });
});

describe('nothing is asked of the store', () => {
  test('for a claim check into a foreign bucket', async () => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'secret', { bucket: 'foreign' });
    await expect(open(store, { bucket: 'foreign', key: 'requests/a' })).rejects.toThrow(ClaimCheckRefused);
    expect(store.opened).toEqual([]);
  });

  test('for a payload whose event says it is too large', async () => {
    const store = new MemoryPayloadStore();
    await expect(open(store, stored('requests/a', { size: 1_001 }))).rejects.toThrow(PayloadLimitExceeded);
    expect(store.opened).toEqual([]);
  });
});

describe('nothing is read, and nothing held,', () => {
  async function refused(store: MemoryPayloadStore, size?: number): Promise<unknown> {
    const error = await open(store, stored('requests/a', size === undefined ? {} : { size })).catch(
      (thrown) => thrown,
    );
    expect(store.bytesRead).toBe(0);
    expect(store.unreleased).toBe(0);
    return error;
  }

  test('of a payload the store says is too large', async () => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'x'.repeat(1_001));
    const error = await refused(store);
    expect(error).toBeInstanceOf(PayloadLimitExceeded);
    expect(error).toMatchObject({ details: { size: 1_001, limit: 1_000 } });
  });

  test('of an empty one', async () => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', '');
    expect(await refused(store)).toBeInstanceOf(PayloadEmpty);
  });

  test('of one with another size than its event says', async () => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'hello');
    const error = await refused(store, 6);
    expect(error).toBeInstanceOf(PayloadSizeMismatch);
    expect(error).toMatchObject({ details: { expected: 6, actual: 5 } });
  });

  test('of a missing or forbidden one', async () => {
    const store = new MemoryPayloadStore();
    expect(await refused(store)).toBeInstanceOf(PayloadMissing);
    store.deniedBuckets.add('payloads');
    expect(await refused(store)).toBeInstanceOf(PayloadDenied);
  });
});

describe('no more is read than allowed', () => {
  test.each([
    ['streamed', 1_000, (payload: Awaited<ReturnType<typeof open>>) => readAll(payload.stream())],
    ['in memory', 500, (payload: Awaited<ReturnType<typeof open>>) => payload.bytes()],
  ])('of a payload without a size that is %s', async (_, limit, read) => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'x'.repeat(1_000_000), { withoutSize: true, chunkBytes: 100 });
    const error = await read(await open(store, stored())).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(PayloadLimitExceeded);
    expect(error).toMatchObject({ limit });
    expect(store.bytesRead).toBe(limit + 100);
    expect(store.unreleased).toBe(0);
  });

  test('in memory of a payload that may be streamed', async () => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'x'.repeat(501));
    const payload = await open(store, stored());
    await expect(payload.bytes()).rejects.toThrow(PayloadLimitExceeded);
    expect(store.bytesRead).toBe(0);
    expect(store.unreleased).toBe(0);
  });

  test('of an inline payload', async () => {
    await expect(open(new MemoryPayloadStore(), { inline: 'x'.repeat(1_001) })).rejects.toThrow(
      PayloadLimitExceeded,
    );
  });

  test.each([
    ['streamed', (payload: Awaited<ReturnType<typeof open>>) => readAll(payload.stream()), 1_000],
    ['in memory', (payload: Awaited<ReturnType<typeof open>>) => payload.bytes(), 500],
  ])('but all that is allowed, %s', async (_, read, size) => {
    const store = new MemoryPayloadStore();
    store.put('requests/a', 'x'.repeat(size), { withoutSize: true });
    expect((await read(await open(store, stored()))).byteLength).toBe(size);
  });
});

test('a payload that breaks off is no payload', async () => {
  const store = new MemoryPayloadStore();
  store.put('requests/a', 'hello, world', { endsAfter: 5 });
  const error = await (await open(store, stored())).bytes().catch((thrown) => thrown);
  expect(error).toBeInstanceOf(PayloadCutShort);
  expect(error.message).toContain('5 of 12 bytes');
});

describe.each(['inline', 'stored'])('B5: an encoded payload that is %s', (kind) => {
  const encoded = gzipSync('{"x":6}');

  function opened(
    bytes: Uint8Array = encoded,
    contentEncoding = 'gzip',
    limits: Partial<PayloadLimits> = {},
  ) {
    const store = new MemoryPayloadStore();
    store.put('requests/a', bytes, { contentEncoding, contentLanguage: 'en' });
    const inline = { inline: new Uint8Array(bytes) };
    if (kind === 'stored') return open(store, stored(), {}, limits);
    return open(store, inline, { contentEncoding, contentLanguage: 'en' }, limits);
  }

  test('says so, with its size as it was sent', async () => {
    const { contentEncoding, contentLanguage, size } = await opened();
    expect({ contentEncoding, contentLanguage, size }).toEqual({
      contentEncoding: 'gzip',
      contentLanguage: 'en',
      size: encoded.byteLength,
    });
  });

  test('is decoded as bytes, and streams as it is unless it is to be decoded', async () => {
    expect(String(Buffer.from(await (await opened()).bytes()))).toBe('{"x":6}');
    expect((await readAll((await opened()).stream())).equals(encoded)).toBe(true);
    expect(String(await readAll((await opened()).stream({ decode: true })))).toBe('{"x":6}');
  });

  test('streams either way from memory', async () => {
    const payload = await opened();
    await payload.bytes();
    expect((await readAll(payload.stream())).equals(encoded)).toBe(true);
    expect(String(await readAll(payload.stream({ decode: true })))).toBe('{"x":6}');
    expect(String(Buffer.from(await payload.bytes()))).toBe('{"x":6}');
  });

  test('that was only sent in chunks by S3’s client is as it is', async () => {
    const payload = await opened(Buffer.from('hello'), 'aws-chunked');
    expect(payload.contentEncoding).toBeUndefined();
    expect(String(Buffer.from(await payload.bytes()))).toBe('hello');
  });

  test('in a coding that isn’t known can be streamed as it is, and nothing else', async () => {
    const payload = await opened(encoded, 'compress');
    await expect(payload.bytes()).rejects.toMatchObject({ code: 'content_encoding_unsupported' });
    expect(() => payload.stream({ decode: true })).toThrow(ContentEncodingUnsupported);
    expect((await readAll(payload.stream())).equals(encoded)).toBe(true);
  });

  test('is decoded into memory as far as that is allowed, and streamed as far as payloads may go', async () => {
    const limits = { maxBufferedBytes: 500, maxPayloadBytes: 1_000 };
    const of = (size: number) => opened(gzipSync(Buffer.alloc(size)), 'gzip', limits);
    expect((await (await of(500)).bytes()).byteLength).toBe(500);
    await expect((await of(501)).bytes()).rejects.toThrow(PayloadLimitExceeded);
    expect((await readAll((await of(1_000)).stream({ decode: true }))).byteLength).toBe(1_000);
    await expect(readAll((await of(1_001)).stream({ decode: true }))).rejects.toThrow(PayloadLimitExceeded);
  });
});

test('B5: what its message says of its coding beats what the object says', async () => {
  const store = new MemoryPayloadStore();
  store.put('requests/a', deflateSync('hello'), { contentEncoding: 'gzip', contentLanguage: 'en' });
  const payload = await open(store, stored(), { contentEncoding: 'deflate', contentLanguage: 'fr' });
  expect(payload).toMatchObject({ contentEncoding: 'deflate', contentLanguage: 'fr' });
  expect(String(Buffer.from(await payload.bytes()))).toBe('hello');
});
