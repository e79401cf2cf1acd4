/** What {@link readUpTo} read of a body. */
interface ReadBody {
  /** The whole body, if it fits within the limit; otherwise empty. */
  readonly bytes: Uint8Array;
  /** The whole body as a stream, including what was read already; undefined if it fits within the limit. */
  readonly whole?: AsyncIterable<Uint8Array>;
}

/**
 * Reads a body into memory if it has at most `limit` bytes. A larger one is returned as a stream, of which slightly more
 * than `limit` bytes are in memory.
 */
export async function readUpTo(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  limit: number,
): Promise<ReadBody> {
  if (body instanceof Uint8Array) {
    return body.byteLength <= limit ? { bytes: body } : { bytes: body, whole: single(body) };
  }
  const iterator = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let read = 0;
  while (read <= limit) {
    const { value, done } = await iterator.next();
    if (done) return { bytes: Buffer.concat(chunks, read) };
    chunks.push(value);
    read += value.byteLength;
  }
  return { bytes: new Uint8Array(), whole: continued(chunks, iterator) };
}

/** A stream of one chunk. */
export async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* continued(
  chunks: Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks.splice(0);
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
