/** Bytes as a stream that is cut at the given positions; those beyond the end cut nothing. */
export async function* inChunks(bytes: Uint8Array, cuts: readonly number[] = []): AsyncIterable<Uint8Array> {
  let start = 0;
  for (const cut of [...cuts.filter((at) => at <= bytes.length).sort((a, b) => a - b), bytes.length]) {
    yield bytes.slice(start, cut);
    start = cut;
  }
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text);
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
