import { isUtf8 } from 'node:buffer';

/** Most bytes of a payload or a result that are read and shown. */
export const SHOWN_BYTES = 65_536;

/** The beginning of a content, as text. */
export interface Beginning {
  readonly text: string;
  /** Whether there is more. */
  readonly isCut: boolean;
  /** Whether it is UTF-8, so that the text says all of it. */
  readonly isText: boolean;
}

/** Reads no more than is shown. Bytes that aren't UTF-8 become replacement characters. */
export async function beginningOf(stream: ReadableStream<Uint8Array>): Promise<Beginning> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk.subarray(0, SHOWN_BYTES - size));
    size += chunk.byteLength;
    if (size > SHOWN_BYTES) break;
  }
  const bytes = Buffer.concat(chunks);
  const isCut = size > SHOWN_BYTES;
  return {
    // Of a character that is cut, nothing is shown.
    text: new TextDecoder().decode(bytes, { stream: isCut }),
    isCut,
    isText: isUtf8(bytes),
  };
}
