/** A body of these chunks. */
export async function* chunked(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

/** All bytes of a body. */
export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A body of the given size, generated on demand. It counts the bytes that were read. */
export class MeteredBody implements AsyncIterable<Uint8Array> {
  readonly #size: number;
  readonly #chunkBytes: number;
  bytesRead = 0;
  /** Whether the reader released it before its end. */
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
