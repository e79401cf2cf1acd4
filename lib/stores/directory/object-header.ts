import type { FileHandle } from 'node:fs/promises';

/** The first line of an object's file. */
export interface ObjectHeader {
  readonly key: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Longest header, in bytes: a key of 1,024 bytes and the metadata and headers that S3 takes fit in it. */
const MAX_BYTES = 32_768;

const NEWLINE = 0x0a;

/** @throws Error when it is too long */
export function formatHeader(header: ObjectHeader): string {
  const line = `${JSON.stringify(header)}\n`;
  const bytes = Buffer.byteLength(line);
  if (bytes > MAX_BYTES) {
    throw new Error(`The key, content type and metadata are ${bytes} bytes; the limit is ${MAX_BYTES}`);
  }
  return line;
}

/**
 * Reads the header of an object, with its length in bytes.
 * @throws Error when the file isn't an object
 */
export async function readHeader(file: FileHandle): Promise<ObjectHeader & { readonly length: number }> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
  const end = buffer.subarray(0, bytesRead).indexOf(NEWLINE);
  if (end === -1) throw new Error('the file has no header');
  return { ...JSON.parse(buffer.toString('utf8', 0, end)), length: end + 1 };
}
