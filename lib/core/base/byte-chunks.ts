import { Readable } from 'node:stream';
import { ResultInvalid } from './errors.ts';
import { bytesOf } from './web-bodies.ts';

/**
 * Whether something has read from a stream, Node's or the web's: the type says less than the documentation.
 * @see https://nodejs.org/api/stream.html#streamreadableisdisturbedstream
 */
const isDisturbed = Readable.isDisturbed as (stream: unknown) => boolean;

/**
 * The chunks of a stream someone else made, as bytes.
 * @throws ResultInvalid for a chunk that is neither bytes nor text, and for a stream that was read before
 */
export async function* byteChunks(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  if ('locked' in stream && stream.locked === true) {
    throw new ResultInvalid('the stream is locked: it was read, or something else reads it');
  }
  const wasRead = isDisturbed(stream);
  let isEmpty = true;
  for await (const chunk of stream) {
    isEmpty = false;
    yield typeof chunk === 'string' ? Buffer.from(chunk) : bytesOfChunk(chunk);
  }
  if (wasRead && isEmpty) throw new ResultInvalid('the stream was read to its end before it was returned');
}

function bytesOfChunk(chunk: unknown): Uint8Array {
  const bytes = bytesOf(chunk);
  if (bytes) return bytes;
  throw new ResultInvalid(`a stream yields bytes or text, got ${chunk === null ? 'null' : typeof chunk}`);
}
