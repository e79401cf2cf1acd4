import { Readable } from 'node:stream';
import { ResultInvalid } from './errors.ts';
import { bytesOf } from './web-bodies.ts';

/**
 * Whether a stream, of Node or the web, has been read from. Node's types omit web streams.
 * @see https://nodejs.org/api/stream.html#streamreadableisdisturbedstream
 */
const isDisturbed = Readable.isDisturbed as (stream: unknown) => boolean;

/**
 * The chunks of a handler's stream as bytes.
 * @throws ResultInvalid for a chunk that is neither bytes nor text, and for a stream that was already read
 */
export async function* byteChunks(stream: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  if ('locked' in stream && stream.locked === true) {
    throw new ResultInvalid('the stream is locked: return a stream that has no reader');
  }
  const wasRead = isDisturbed(stream);
  let isEmpty = true;
  for await (const chunk of stream) {
    isEmpty = false;
    yield typeof chunk === 'string' ? Buffer.from(chunk) : bytesOfChunk(chunk);
  }
  if (wasRead && isEmpty) throw new ResultInvalid('the stream was already read to its end');
}

function bytesOfChunk(chunk: unknown): Uint8Array {
  const bytes = bytesOf(chunk);
  if (bytes) return bytes;
  throw new ResultInvalid(`a stream must yield bytes or text, got ${chunk === null ? 'null' : typeof chunk}`);
}
