/** What is known about a body while it is read. */
export interface BodyCount {
  bytes: number;
  /** The body itself failed, not its reader. */
  failed: boolean;
}

/** Counts the bytes of a body that passes. */
export async function* counted(
  body: AsyncIterable<Uint8Array>,
  count: BodyCount,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      count.bytes += chunk.byteLength;
      yield chunk;
    }
  } catch (error) {
    count.failed = true;
    throw error;
  }
}
