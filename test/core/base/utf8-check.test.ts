import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { areUtf8, Utf8Check } from '../../../lib/core/base/utf8-check.ts';
import { readAll } from '../../support/streams.ts';

/** Text, bytes, and text that is cut somewhere. */
const contents = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.string({ unit: 'binary' }), fc.nat(20))
    .map(([text, end]) => Buffer.from(text).subarray(0, end)),
);

test('B7: bytes are UTF-8 or not however they are cut into chunks, and pass unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(contents, fc.integer({ min: 1, max: 5 }), async (bytes, size) => {
      const check = new Utf8Check();
      expect(await readAll(check.pass(chunked(bytes, size)))).toEqual(bytes);
      expect(check.isUtf8).toBe(isUtf8(bytes));
      expect(await areUtf8(chunked(bytes, size))).toBe(isUtf8(bytes));
    }),
  );
});

test("B7: reading ends where it is known that bytes aren't UTF-8", async () => {
  async function* broken() {
    yield Buffer.from([255]);
    throw new Error('not to be read');
  }
  expect(await areUtf8(broken())).toBe(false);
});

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}
