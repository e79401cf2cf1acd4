import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decompressed, isGzipError } from '../../../examples/csv-profile/decompressed.ts';
import { bytesOf, collect, inChunks } from './chunks.ts';

const unpack = (bytes: Uint8Array, cuts?: readonly number[]) => collect(decompressed(inChunks(bytes, cuts)));

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it should have been refused'),
    (error: unknown) => error,
  );
}

describe('decompressed', () => {
  it('unpacks gzip and leaves the rest as it is, wherever it is cut', async () => {
    const cuts = fc.array(fc.nat(300), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), cuts, fc.boolean(), async (bytes, at, packed) => {
        fc.pre(packed || bytes[0] !== 0x1f);
        expect(await unpack(packed ? gzipSync(bytes) : bytes, at)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('unpacks every member of a gzip file', async () => {
    const file = Buffer.concat(['a,b\n', '1,2\n', '3,4\n'].map((part) => gzipSync(part)));
    expect((await unpack(file)).toString()).toBe('a,b\n1,2\n3,4\n');
  });

  it('refuses gzip that is cut off anywhere', async () => {
    const file = gzipSync('a,b\n1,2\n');
    for (let length = 2; length < file.length; length++) {
      expect(isGzipError(await errorOf(unpack(file.subarray(0, length))))).toBe(true);
    }
  });

  it('refuses gzip whose checksum is wrong', async () => {
    const file = gzipSync('a,b\n1,2\n');
    file.writeUInt32LE(0, file.length - 8);
    expect(isGzipError(await errorOf(unpack(file)))).toBe(true);
  });

  it('passes on an error of the source, which is not a damaged file', async () => {
    const broken = new Error('connection reset');
    async function* source() {
      yield gzipSync(bytesOf('a,b\n1,2\n')).subarray(0, 15);
      throw broken;
    }
    expect(await errorOf(collect(decompressed(source())))).toBe(broken);
  });

  it('closes the source when its reader stops early', async () => {
    let closed = false;
    async function* source() {
      try {
        for (;;) yield gzipSync(bytesOf('a,b\n'.repeat(100_000)));
      } finally {
        closed = true;
      }
    }
    for await (const _ of decompressed(source())) break;
    await expect.poll(() => closed).toBe(true);
  });
});
