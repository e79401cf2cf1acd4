import { byteChunks } from '../base/byte-chunks.ts';
import { ResultInvalid } from '../base/errors.ts';
import { BINARY_TYPE, contentTypeProblem, JSON_TYPE } from '../base/media-type.ts';
import { bytesOf, isBlob, isResponse, isStream } from '../base/web-bodies.ts';
import type { ResultSource } from '../model/result-source.ts';
import { plainJson } from './plain-json.ts';
import { bodyOfResponse } from './response.ts';

/** A handler's result as bytes. */
export interface ResultBody extends ResultSource {
  readonly contentType: string;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * Converts the return value of a handler to bytes. Without a return value, the result is `null`.
 * @param now milliseconds since 1970, for a `Retry-After` with a date
 * @throws ResultInvalid if it is neither bytes nor data, or a body that was read before
 * @throws ServiceRefused, RetryLater, ServiceUnavailable for a `Response` that isn't a success
 */
export async function resultBodyOf(result: unknown, now: number): Promise<ResultBody> {
  if (isResponse(result)) {
    const body = await bodyOfResponse(result, now);
    const contentType = result.headers.get('content-type');
    return {
      contentType: usableType(contentType),
      response: { status: result.status, contentType },
      body,
    };
  }
  const bytes = bytesOf(result);
  if (bytes) return { contentType: BINARY_TYPE, body: bytes };
  if (isStream(result)) return { contentType: BINARY_TYPE, body: byteChunks(result) };
  if (isBlob(result)) return { contentType: usableType(result.type), body: byteChunks(result.stream()) };
  return { contentType: JSON_TYPE, body: Buffer.from(plainJson(result)) };
}

/** The content type must be valid as a message attribute and as a header, unlike in a `Response` or a `Blob`. */
function usableType(given: string | null): string {
  const contentType = given || BINARY_TYPE;
  const problem = contentTypeProblem(contentType);
  if (problem) throw new ResultInvalid(problem);
  return contentType;
}
