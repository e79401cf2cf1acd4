import { ResultInvalid } from './errors.ts';

/**
 * The chunks of a stream someone else made, as bytes.
 * @throws ResultInvalid for a chunk that is neither bytes nor text
 */
export async function* byteChunks(chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (typeof chunk === 'string') yield Buffer.from(chunk);
    else if (chunk instanceof Uint8Array) yield chunk;
    else
      throw new ResultInvalid(`a stream yields bytes or text, got ${chunk === null ? 'null' : typeof chunk}`);
  }
}
