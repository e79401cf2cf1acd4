import { byteChunks } from '../base/byte-chunks.ts';
import {
  DownstreamUnavailable,
  ResultInvalid,
  RetryLater,
  ServiceRefused,
  ServiceUnavailable,
} from '../base/errors.ts';
import { parseRetryAfter } from '../base/retry-after.ts';
import { bytesOf, isStream, type ResponseLike } from '../base/web-bodies.ts';

/** Bytes of an error response's body that a failure quotes. */
export const QUOTED_BODY_BYTES = 4_096;

/** Statuses below 500 after which a retry may succeed. */
const RETRIED_STATUSES = new Set([408, 425, 429]);

/**
 * Returns the body of a successful response.
 * @param now milliseconds since 1970
 * @throws ResultInvalid if the body was read before
 * @throws ServiceRefused for a permanent status (3xx, 4xx)
 * @throws DownstreamUnavailable for 503
 * @throws RetryLater, or ServiceUnavailable without a `Retry-After`, for any other status (408, 425, 429, other 5xx)
 */
export async function bodyOfResponse(
  response: ResponseLike,
  now: number,
): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const { status } = response;
  if (status >= 200 && status < 300) {
    if (response.body && response.bodyUsed) {
      throw new ResultInvalid('the body of the Response was read before: return it unread, or what was read');
    }
    return contentOf(response);
  }
  const body = await quotedBody(response);
  const failed = { status, contentType: response.headers.get('content-type'), body };
  if (status < 500 && !RETRIED_STATUSES.has(status)) throw new ServiceRefused(failed);
  const delaySeconds = parseRetryAfter(response.headers.get('retry-after'), now);
  if (status === 503) {
    throw new DownstreamUnavailable(`The service answered 503: ${body}`, { retryAfterSeconds: delaySeconds });
  }
  if (delaySeconds !== undefined) {
    const message = `The service answered ${status}, Retry-After ${delaySeconds} s`;
    throw new RetryLater(delaySeconds, message, { cause: new ServiceUnavailable(failed) });
  }
  throw new ServiceUnavailable(failed);
}

/** The body as a stream if possible, so that a large body is never in memory as a whole. */
async function contentOf(response: ResponseLike): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const { body } = response;
  if (body === null) return new Uint8Array();
  if (isStream(body)) return byteChunks(body);
  return bytesOf(body) ?? new Uint8Array(await response.arrayBuffer());
}

/** Reads only the beginning: the body of an error response may be endless, or break off. */
async function quotedBody(response: ResponseLike): Promise<string> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  try {
    const content = await contentOf(response);
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      chunks.push(chunk);
      read += chunk.byteLength;
      if (read >= QUOTED_BODY_BYTES) break;
    }
  } catch {
    // The status is enough for the error.
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, QUOTED_BODY_BYTES));
}
