/** The beginning of a body, and the rest if there is more. */
interface Beginning {
  readonly bytes: Uint8Array;
  /** All of the body, the beginning included; undefined when the beginning is all. */
  readonly whole?: AsyncIterable<Uint8Array>;
}

/** Reads a body's beginning: whether it is small enough to travel inline shows only then. */
export async function readBeginning(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Beginning> {
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
