import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readUpTo, single } from '../../../lib/core/base/byte-streams.ts';
import { chunked, MeteredBody, readAll } from '../../support/streams.ts';

const contents = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });

test('a body up to the limit becomes bytes, a longer one stays a body, and neither loses a byte', async () => {
  await fc.assert(
    fc.asyncProperty(contents, fc.nat({ max: 60 }), fc.boolean(), async (chunks, limit, streamed) => {
      const all = Buffer.concat(chunks);
      const { bytes, whole } = await readUpTo(streamed ? chunked(...chunks) : all, limit);
      expect(whole === undefined).toBe(all.byteLength <= limit);
      expect(Buffer.from(whole ? await readAll(whole) : bytes)).toEqual(all);
    }),
  );
});

test('reading stops as soon as a body proves too long', async () => {
  const body = new MeteredBody(10_000_000, 1_000);
  await readUpTo(body, 5_000);
  expect(body.bytesRead).toBe(6_000);
});

test('a reader that stops early releases the whole body', async () => {
  const body = new MeteredBody(10_000, 1_000);
  const { whole } = await readUpTo(body, 2_000);
  for await (const _ of whole ?? []) if (body.bytesRead > 4_000) break;
  expect(body.released).toBe(true);
});

test('a body that breaks off at its start reports the reason', async () => {
  async function* broken() {
    yield Buffer.from('a');
    throw new Error('broke off');
  }
  await expect(readUpTo(broken(), 100)).rejects.toThrow('broke off');
});

test('a body that breaks off later reports the reason to its reader', async () => {
  async function* broken() {
    yield Buffer.alloc(200);
    throw new Error('broke off');
  }
  const { whole } = await readUpTo(broken(), 100);
  await expect(readAll(whole ?? single(Buffer.from('nothing')))).rejects.toThrow('broke off');
});
