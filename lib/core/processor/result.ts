import { byteChunks } from '../base/byte-chunks.ts';
import { ResultInvalid } from '../base/errors.ts';
import { BINARY_TYPE, contentTypeProblem, JSON_TYPE } from '../base/media-type.ts';
import { bytesOf, isBlob, isResponse, isStream } from '../base/web-bodies.ts';
import { plainJson } from './plain-json.ts';
import { bodyOfResponse } from './response.ts';

/** What a handler returned, as bytes to publish or store. */
export interface ResultBody {
  readonly contentType: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * Turns whatever a handler returned into bytes. A handler that returns nothing has the result `null`.
 * @param now milliseconds since 1970, for a `Retry-After` that holds a date
 * @throws ResultInvalid for what is neither bytes nor data, and for a body that was read before
 * @throws ServiceRefused, RetryLater, ServiceUnavailable for a `Response` that isn't a success
 */
export async function resultBodyOf(result: unknown, now: number): Promise<ResultBody> {
  if (isResponse(result)) {
    const body = await bodyOfResponse(result, now);
    return { contentType: usableType(result.headers.get('content-type')), body };
  }
  const bytes = bytesOf(result);
  if (bytes) return { contentType: BINARY_TYPE, body: bytes };
  if (isStream(result)) return { contentType: BINARY_TYPE, body: byteChunks(result) };
  if (isBlob(result)) return { contentType: usableType(result.type), body: byteChunks(result.stream()) };
  return { contentType: JSON_TYPE, body: Buffer.from(plainJson(result)) };
}

/** It becomes a message attribute and an object's header, which take less than a `Response` or a `Blob` does. */
function usableType(given: string | null): string {
  const contentType = given || BINARY_TYPE;
  const problem = contentTypeProblem(contentType);
  if (problem) throw new ResultInvalid(problem);
  return contentType;
}
