import { ResultInvalid } from './errors.ts';
import { BINARY_TYPE, JSON_TYPE } from './media-type.ts';
import { bodyOfResponse } from './response.ts';

/** What a handler returned, as bytes to publish or store. */
export interface ResultBody {
  readonly contentType: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * Turns whatever a handler returned into bytes.
 * @throws ResultInvalid for what has no bytes (a function, a symbol, a cyclic object, a BigInt)
 * @throws ServiceRefused, RetryLater, ServiceUnavailable for a `Response` that isn't a success
 */
export async function resultBodyOf(result: unknown): Promise<ResultBody> {
  if (result instanceof Response) {
    const body = await bodyOfResponse(result);
    return { contentType: result.headers.get('content-type') ?? BINARY_TYPE, body };
  }
  if (result instanceof Uint8Array) return { contentType: BINARY_TYPE, body: result };
  if (result instanceof ArrayBuffer) return { contentType: BINARY_TYPE, body: new Uint8Array(result) };
  if (isAsyncIterable(result)) return { contentType: BINARY_TYPE, body: bytesOf(result) };
  if (result instanceof Blob)
    return { contentType: result.type || BINARY_TYPE, body: bytesOf(result.stream()) };
  return { contentType: JSON_TYPE, body: jsonBytes(result) };
}

/** A handler that returns nothing has the result `null`: it is published like any other. */
function jsonBytes(result: unknown): Uint8Array {
  let json: string | undefined;
  try {
    json = JSON.stringify(result ?? null);
  } catch (error) {
    throw new ResultInvalid(error instanceof Error ? error.message : String(error), error);
  }
  if (json === undefined) throw new ResultInvalid(`a ${typeof result} has no JSON form`);
  return Buffer.from(json);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

async function* bytesOf(chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (typeof chunk === 'string') yield Buffer.from(chunk);
    else if (chunk instanceof Uint8Array) yield chunk;
    else
      throw new ResultInvalid(`a stream yields bytes or text, got ${chunk === null ? 'null' : typeof chunk}`);
  }
}
