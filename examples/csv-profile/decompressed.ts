import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { peek } from './peek.ts';

/** The bytes as they are, or unpacked when they are gzip; a gzip file may have several members. */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { head, all } = await peek(source, (bytes) => bytes.length >= 2);
  if (isGzip(head)) {
    // An error of the source or of gzip ends the iteration; the callback has nothing to add.
    yield* pipeline(all, createGunzip(), () => {});
  } else {
    yield* all;
  }
}

/** Whether an error says that gzip data is damaged or cut off. */
export function isGzipError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

/** By the first two bytes: names and content types of uploads are often wrong. */
function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}
