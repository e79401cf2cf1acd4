import { describe, expect, test } from 'vitest';
import { PayloadMissing } from '../../lib/core/base/errors.ts';
import type { ClaimCheck } from '../../lib/core/model/claim-check.ts';
import type { StoredResult } from '../../lib/core/model/stored-result.ts';
import type { PayloadStore } from '../../lib/core/ports/payload-store.ts';
import { eventually } from '../support/eventually.ts';
import { chunked, MeteredBody, readAll } from '../support/streams.ts';

/** A payload store and what is around it: clients that upload and consumers that delete. */
export interface PayloadStoreHarness {
  readonly store: PayloadStore;
  /** The same objects as another process sees them, or this one after a restart. */
  reopen(): PayloadStore;
  /** The beginning of the claim checks of its objects. */
  readonly location: Pick<ClaimCheck, 'scheme' | 'bucket'>;
  /** Uploads an object. @returns its version; undefined in a store without versions */
  put(
    key: string,
    content: string,
    contentType?: string,
    metadata?: Record<string, string>,
  ): Promise<string | undefined>;
  /** Deletes an object as clients do: its versions stay. */
  remove(key: string): Promise<void>;
  keys(prefix: string): Promise<string[]>;
  /** Keys under which a result is being written. */
  unfinished(): Promise<string[]>;
}

/** More than two parts of a multipart upload. */
const LARGE_BYTES = 20_000_000;

const LOST = new Error('the source broke off');

async function* breakingOff(after: number): AsyncGenerator<Uint8Array> {
  yield* new MeteredBody(after);
  throw LOST;
}

/** What a payload store can do. It selects the tests. */
export interface PayloadStoreCapabilities {
  /** Whether an upload to a key that exists makes a new version. */
  readonly versioned: boolean;
}

/** The behaviour of every payload store. */
export function exercisePayloadStore(
  name: string,
  open: () => Promise<PayloadStoreHarness>,
  { versioned }: PayloadStoreCapabilities,
): void {
  const { signal } = new AbortController();
  let keys = 0;
  const newKey = (prefix = 'results') => `${prefix}/${++keys}`;

  describe(`${name}: opening`, () => {
    test('gives size, type, metadata and bytes', async () => {
      const { store, location, put } = await open();
      const key = newKey();
      await put(key, 'żółć', 'text/plain', { customer: '7' });
      const { body, ...opened } = await store.open({ ...location, key }, signal);
      expect(opened).toMatchObject({ size: 8, contentType: 'text/plain', metadata: { customer: '7' } });
      expect(String(await readAll(body))).toBe('żółć');
      opened.discard();
    });

    test.each([
      'requests/a b+c',
      'requests/ü/漢字/🧥',
      'requests/100%25',
      "requests/q?a=b&c#d;e'f",
      'requests/a//b/',
    ])('finds the key %s', async (key) => {
      const { store, location, put } = await open();
      await put(key, key);
      const { body } = await store.open({ ...location, key }, signal);
      expect(String(await readAll(body))).toBe(key);
    });

    test.skipIf(!versioned)('gives the named version, else the newest', async () => {
      const { store, location, put } = await open();
      const key = newKey();
      const versionId = await put(key, 'first');
      await put(key, 'second');
      const read = async (version?: string) => {
        const check = version === undefined ? { ...location, key } : { ...location, key, versionId: version };
        return String(await readAll((await store.open(check, signal)).body));
      };
      expect(await read(versionId)).toBe('first');
      expect(await read()).toBe('second');
    });

    test.skipIf(!versioned)('B3: says which version is the newest', async () => {
      const { store, location, put, remove } = await open();
      const key = newKey();
      await put(key, 'first');
      const versionId = await put(key, 'second');
      expect(await store.versionOf({ ...location, key }, signal)).toBe(versionId);
      expect(await store.open({ ...location, key }, signal)).toMatchObject({ versionId });
      await remove(key);
      const gone = await store.versionOf({ ...location, key }, signal).catch(() => undefined);
      expect(gone).toBeUndefined();
    });

    test.skipIf(!versioned)('gives a version though its object was deleted, but not the object', async () => {
      const { store, location, put, remove } = await open();
      const key = newKey();
      const versionId = await put(key, 'first');
      await remove(key);
      const { body } = await store.open({ ...location, key, versionId }, signal);
      expect(String(await readAll(body))).toBe('first');
      await expect(store.open({ ...location, key }, signal)).rejects.toThrow(PayloadMissing);
    });

    test.each([
      ['key', { key: 'requests/never-put' }],
      ['version', { versionId: '00000000-0000-4000-8000-000000000000' }],
      ['bucket', { bucket: 'no-such-bucket-anywhere' }],
    ])('says when there is no such %s', async (_, wrong) => {
      const { store, location, put } = await open();
      const key = newKey();
      await put(key, 'hello');
      await expect(store.open({ ...location, key, ...wrong }, signal)).rejects.toThrow(PayloadMissing);
    });

    test('ends when the signal has fired or fires', async () => {
      const { store, location, put } = await open();
      const key = newKey();
      await put(key, 'x'.repeat(1_000_000));
      await expect(store.open({ ...location, key }, AbortSignal.abort())).rejects.toThrow();
      const controller = new AbortController();
      const { body } = await store.open({ ...location, key }, controller.signal);
      controller.abort();
      await expect(readAll(body)).rejects.toThrow();
    });

    test('can be let go unread, read in part, or read', async () => {
      const { store, location, put } = await open();
      const key = newKey();
      await put(key, 'x'.repeat(1_000_000));
      (await store.open({ ...location, key }, signal)).discard();
      const part = await store.open({ ...location, key }, signal);
      for await (const _ of part.body) break;
      part.discard();
      const whole = await store.open({ ...location, key }, signal);
      expect(await readAll(whole.body)).toHaveLength(1_000_000);
      whole.discard();
      whole.discard();
    });
  });

  describe(`${name}: saving`, () => {
    async function contentOf(store: PayloadStore, { check }: StoredResult): Promise<Buffer> {
      return readAll((await store.open(check, signal)).body);
    }

    test('keeps a result over a restart, and the first writer of a key wins among processes', async () => {
      const { store, reopen } = await open();
      const key = newKey();
      await store.save(key, chunked('first'), 'text/plain', signal);
      const adopted = await reopen().save(key, chunked('second'), 'text/csv', signal);
      expect(adopted).toMatchObject({ size: 5, contentType: 'text/plain' });
      const recalled = await reopen().recall(key, signal);
      expect(String(await readAll(recalled?.body ?? chunked('')))).toBe('first');
    });

    test.each([
      ['nothing', 0],
      ['a little', 5],
      ['much', LARGE_BYTES],
    ])('keeps %s, with its size and type', async (_, size) => {
      const { store, location } = await open();
      const key = newKey();
      const result = await store.save(key, new MeteredBody(size), 'text/csv', signal);
      expect(result).toMatchObject({ check: { ...location, key }, size, contentType: 'text/csv' });
      expect((await contentOf(store, result)).equals(Buffer.alloc(size, 'x'))).toBe(true);
      const { contentType, discard } = await store.open(result.check, signal);
      expect(contentType).toBe('text/csv');
      discard();
    });

    test.each([
      ['a little', 5],
      ['much', LARGE_BYTES],
    ])('under a key that is taken adopts what is there: %s', async (_, size) => {
      const { store } = await open();
      const key = newKey();
      const first = await store.save(key, chunked('first'), 'text/plain', signal);
      const second = await store.save(key, new MeteredBody(size), 'text/csv', signal);
      expect(second).toEqual(first);
      expect(String(await contentOf(store, second))).toBe('first');
    });

    test('twice at once under one key keeps one result for both', async () => {
      const { store } = await open();
      const key = newKey();
      const save = (content: string) => store.save(key, chunked(content), 'text/plain', signal);
      const [one, other] = await Promise.all([save('one'), save('two')]);
      expect(other).toEqual(one);
    });

    test.each([
      ['at its beginning', 0],
      ['early', 1_000],
      ['late', LARGE_BYTES],
    ])('of a body that breaks off %s fails with its error and leaves nothing', async (_, after) => {
      const { store, keys, unfinished } = await open();
      const key = newKey();
      await expect(store.save(key, breakingOff(after), 'text/plain', signal)).rejects.toBe(LOST);
      expect(await keys(key)).toEqual([]);
      expect(await unfinished()).toEqual([]);
    });

    test.each([
      ['early', 1_000],
      ['late', LARGE_BYTES],
    ])('that is given up %s leaves nothing, and lets go of the body', async (_, after) => {
      const { store, keys, unfinished } = await open();
      const key = newKey();
      const controller = new AbortController();
      const stalled = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      async function* stalling() {
        try {
          yield* new MeteredBody(after);
          stalled.resolve();
          while (true) {
            await new Promise((resolve) => setTimeout(resolve, 10));
            yield Buffer.alloc(1);
          }
        } finally {
          released.resolve();
        }
      }
      const saving = store.save(key, stalling(), 'text/plain', controller.signal);
      await stalled.promise;
      controller.abort();
      await expect(saving).rejects.toThrow();
      await released.promise;
      await eventually(async () => expect(await unfinished()).toEqual([]));
      expect(await keys(key)).toEqual([]);
    });

    test('after the signal has fired writes nothing', async () => {
      const { store, keys } = await open();
      const key = newKey();
      const body = new MeteredBody(5);
      await expect(store.save(key, body, 'text/plain', AbortSignal.abort())).rejects.toThrow();
      expect(body.bytesRead).toBe(0);
      expect(await keys(key)).toEqual([]);
    });
  });

  describe(`${name}: recalling`, () => {
    test('gives what was saved under the key', async () => {
      const { store } = await open();
      const key = newKey();
      await store.save(key, chunked('hello'), 'text/csv', signal);
      const recalled = await store.recall(key, signal);
      expect(recalled).toMatchObject({ size: 5, contentType: 'text/csv' });
      if (recalled) expect(String(await readAll(recalled.body))).toBe('hello');
    });

    test('gives nothing when nothing was, or it was deleted', async () => {
      const { store, remove } = await open();
      const key = newKey();
      expect(await store.recall(key, signal)).toBeUndefined();
      await store.save(key, chunked('hello'), 'text/csv', signal);
      await remove(key);
      expect(await store.recall(key, signal)).toBeUndefined();
    });

    test('ends when the signal has fired', async () => {
      const { store } = await open();
      await expect(store.recall(newKey(), AbortSignal.abort())).rejects.toThrow();
    });
  });

  describe(`${name}: lending`, () => {
    test('makes a copy whose deletion leaves the result, and makes it again', async () => {
      const { store, location, remove } = await open();
      const [key, copyKey] = [newKey(), newKey('consumer-copies')];
      const result = await store.save(key, chunked('hello'), 'text/csv', signal);
      for (let time = 0; time < 2; time++) {
        const copy = await store.copyForConsumer(result, copyKey);
        expect(copy).toMatchObject({
          check: { ...location, key: copyKey },
          size: 5,
          contentType: 'text/csv',
        });
        const { body, contentType } = await store.open({ ...location, key: copyKey }, signal);
        expect(String(await readAll(body))).toBe('hello');
        expect(contentType).toBe('text/csv');
        await remove(copyKey);
      }
      expect(String(await readAll((await store.open(result.check, signal)).body))).toBe('hello');
    });

    test.skipIf(!versioned)('copies the result’s version, under whatever key', async () => {
      const { store, put } = await open();
      const key = 'results/a b+ü/1';
      const result = await store.save(key, chunked('first'), 'text/plain', signal);
      await put(key, 'second');
      const { check } = await store.copyForConsumer(result, 'consumer-copies/a b+ü/1');
      expect(String(await readAll((await store.open(check, signal)).body))).toBe('first');
    });

    test('fails when there is nothing', async () => {
      const { store, location } = await open();
      const nothing = { check: { ...location, key: 'results/nothing' }, size: 5, contentType: 'text/plain' };
      await expect(store.copyForConsumer(nothing, newKey('consumer-copies'))).rejects.toThrow(PayloadMissing);
    });
  });
}
