/** Chunks as a body that is read. */
export async function* chunked(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** The bytes of a body, read to its end. */
export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A body of this many bytes, made as it is read; it tells how far it was. */
export class MeteredBody implements AsyncIterable<Uint8Array> {
  readonly #size: number;
  readonly #chunkBytes: number;
  bytesRead = 0;
  /** Whether its reader let go of it before its end. */
  released = false;

  constructor(size: number, chunkBytes = 65_536) {
    this.#size = size;
    this.#chunkBytes = chunkBytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      while (this.bytesRead < this.#size) {
        const chunk = Buffer.alloc(Math.min(this.#chunkBytes, this.#size - this.bytesRead), 'x');
        this.bytesRead += chunk.byteLength;
        yield chunk;
      }
    } finally {
      this.released = this.bytesRead < this.#size;
    }
  }
}
