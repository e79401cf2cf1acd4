import { type DownstreamUnavailable, ResultInvalid } from '../base/errors.ts';
import { isResponse, type ResponseLike } from '../base/web-bodies.ts';
import type { Handler, ProcessorRequest } from './handler.ts';

/** How to call a web-standard application. */
export interface FromFetchOptions {
  /** Path, and query if any, of the route that does the work. @default '/' */
  readonly path?: string;
  /** @default 'POST' */
  readonly method?: string;
}

/** The header with the request's id. */
export const REQUEST_ID_HEADER = 'coatcheck-request-id';

/** The header with the number of the attempt. */
export const ATTEMPT_HEADER = 'coatcheck-attempt';

/**
 * A host that doesn't exist: the application is called in the same process.
 * @see https://www.rfc-editor.org/rfc/rfc6761
 */
const ORIGIN = 'http://coatcheck.invalid';

/**
 * Makes a handler of any web-standard application (`app.fetch` of Hono and others), called in place, no server needed.
 * The payload is the request's body, as it was sent: with its `Content-Encoding`, which the application undoes. A 2xx
 * answer is the result; 408, 425, 429 and 5xx are tried again, `Retry-After` honoured, and 503 is a
 * {@link DownstreamUnavailable}; any other answer is a permanent failure.
 * @throws TypeError for a method whose requests have no body
 */
export function fromFetch(
  fetch: (request: Request) => ResponseLike | Promise<ResponseLike>,
  { path = '/', method = 'POST' }: FromFetchOptions = {},
): Handler {
  if (/^(?:get|head)$/i.test(method)) {
    throw new TypeError(`fromFetch() takes a method whose requests have a body, such as POST, got ${method}`);
  }
  const url = new URL(path, ORIGIN);
  return async (request) => {
    const response = await fetch(webRequest(request, url, method));
    if (!isResponse(response)) {
      throw new ResultInvalid(`the application must answer with a Response, got ${typeof response}`);
    }
    return response;
  };
}

function webRequest(request: ProcessorRequest, url: URL, method: string): Request {
  const headers = new Headers({
    [REQUEST_ID_HEADER]: headerValue(request.id),
    [ATTEMPT_HEADER]: String(request.attempt),
  });
  if (request.traceparent) headers.set('traceparent', request.traceparent);
  if (request.tracestate) headers.set('tracestate', request.tracestate);
  if (request.contentType) headers.set('content-type', request.contentType);
  if (request.contentEncoding) headers.set('content-encoding', request.contentEncoding);
  if (request.contentLanguage) headers.set('content-language', request.contentLanguage);
  if (request.size !== undefined) headers.set('content-length', String(request.size));
  return new Request(url, {
    method,
    headers,
    body: request.stream(),
    duplex: 'half',
    signal: request.signal,
  });
}

/** Ids can contain any character, but headers only Latin-1. */
function headerValue(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id);
}
