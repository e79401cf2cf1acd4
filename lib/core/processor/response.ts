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

/** How much of an error's body a failure quotes, in bytes. */
export const QUOTED_BODY_BYTES = 4_096;

/** Statuses below 500 that say the service may answer otherwise later. */
const RETRIED_STATUSES = new Set([408, 425, 429]);

/**
 * The body of a successful response.
 * @param now milliseconds since 1970
 * @throws ResultInvalid when it was read before
 * @throws ServiceRefused for a status that will stay (3xx, 4xx)
 * @throws DownstreamUnavailable for 503
 * @throws RetryLater when the service said when to come back, ServiceUnavailable when it didn't (408, 425, 429, other
 * 5xx)
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
  if (status < 500 && !RETRIED_STATUSES.has(status)) throw new ServiceRefused(status, body);
  const delaySeconds = parseRetryAfter(response.headers.get('retry-after'), now);
  if (status === 503) {
    throw new DownstreamUnavailable(`The service answered 503: ${body}`, { retryAfterSeconds: delaySeconds });
  }
  if (delaySeconds !== undefined) {
    throw new RetryLater(delaySeconds, `The service answered ${status}, Retry-After ${delaySeconds} s`);
  }
  throw new ServiceUnavailable(status, body);
}

/** A stream where there is one, so that a large body is never in memory as a whole. */
async function contentOf(response: ResponseLike): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const { body } = response;
  if (body === null) return new Uint8Array();
  if (isStream(body)) return byteChunks(body);
  return bytesOf(body) ?? new Uint8Array(await response.arrayBuffer());
}

/** The body's beginning: an error's body may be endless, or break off. */
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
    // The status says more than how its body ended.
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, QUOTED_BODY_BYTES));
}
