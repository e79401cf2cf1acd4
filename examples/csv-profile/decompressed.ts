import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { peek } from './peek.ts';

/** Decompresses gzip, with several members if necessary, and passes other bytes through. */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { head, all } = await peek(source, (bytes) => bytes.length >= 2);
  if (isGzip(head)) {
    // Errors end the iteration; the callback isn't needed.
    yield* pipeline(all, createGunzip(), () => {});
  } else {
    yield* all;
  }
}

/** Whether an error means damaged or truncated gzip data. */
export function isGzipError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

/** Checks the first two bytes, because names and content types of uploads are often wrong. */
function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}
