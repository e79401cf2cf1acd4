import { byteChunks } from './byte-chunks.ts';
import { ResultInvalid } from './errors.ts';
import { BINARY_TYPE, contentTypeProblem, JSON_TYPE } from './media-type.ts';
import { bodyOfResponse } from './response.ts';

/** What a handler returned, as bytes to publish or store. */
export interface ResultBody {
  readonly contentType: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * Turns whatever a handler returned into bytes.
 * @param now milliseconds since 1970, for a `Retry-After` that holds a date
 * @throws ResultInvalid for what has no bytes (a function, a symbol, a cyclic object, a BigInt)
 * @throws ServiceRefused, RetryLater, ServiceUnavailable for a `Response` that isn't a success
 */
export async function resultBodyOf(result: unknown, now: number): Promise<ResultBody> {
  if (result instanceof Response) {
    const body = await bodyOfResponse(result, now);
    return { contentType: typeOfResponse(result), body };
  }
  if (result instanceof Uint8Array) return { contentType: BINARY_TYPE, body: result };
  if (ArrayBuffer.isView(result)) {
    const body = new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
    return { contentType: BINARY_TYPE, body };
  }
  if (result instanceof ArrayBuffer) return { contentType: BINARY_TYPE, body: new Uint8Array(result) };
  if (isAsyncIterable(result)) return { contentType: BINARY_TYPE, body: byteChunks(result) };
  if (result instanceof Blob)
    return { contentType: result.type || BINARY_TYPE, body: byteChunks(result.stream()) };
  return { contentType: JSON_TYPE, body: jsonBytes(result) };
}

/** It becomes a message attribute and an object's header, which take less than a `Response` does. */
function typeOfResponse({ headers }: Response): string {
  const contentType = headers.get('content-type') || BINARY_TYPE;
  const problem = contentTypeProblem(contentType);
  if (problem) throw new ResultInvalid(problem);
  return contentType;
}

/** A handler that returns nothing has the result `null`: it is published like any other. */
function jsonBytes(result: unknown): Uint8Array {
  if (isOpaque(result)) throw new ResultInvalid(`${kindOf(result)} has no JSON form`);
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

/** Maps, sets, generators: JSON would have them empty. */
function isOpaque(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Symbol.iterator in value && !('toJSON' in value);
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
