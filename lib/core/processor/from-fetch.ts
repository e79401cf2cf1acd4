import { type DownstreamUnavailable, ResultInvalid } from '../base/errors.ts';
import { isResponse, type ResponseLike } from '../base/web-bodies.ts';
import { assertFunction, assertObject } from '../config/shape.ts';
import type { Handler, ProcessorRequest } from './handler.ts';
import { requestHeaders } from './request-headers.ts';

/** Configures {@link fromFetch}. */
export interface FromFetchOptions {
  /** Path of the route to call, with its query if any. @default '/' */
  readonly path?: string;
  /** @default 'POST' */
  readonly method?: string;
}

/**
 * A host name that never resolves: the application is called in the same process.
 * @see https://www.rfc-editor.org/rfc/rfc6761
 */
const ORIGIN = 'http://coatcheck.invalid';

/**
 * Makes a handler from a web-standard application, such as `app.fetch` of Hono. The application runs in the same process
 * without a server. It receives the payload as the request's body, still encoded if there is a `Content-Encoding`. A 2xx
 * response is the result. 408, 425, 429 and 5xx are retried, after `Retry-After` if it is set; 503 is a
 * {@link DownstreamUnavailable}. Any other response is a permanent failure.
 * @throws TypeError for a method whose requests can't have a body, and without a function; ConfigurationError for options that are
 *   no object
 */
export function fromFetch(
  fetch: (request: Request) => ResponseLike | Promise<ResponseLike>,
  options: FromFetchOptions = {},
): Handler {
  assertFunction('fromFetch()', 'fetch', fetch);
  assertObject('fromFetch()', options);
  const { path = '/', method = 'POST' } = options;
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
  return new Request(url, {
    method,
    headers: requestHeaders(request),
    body: request.stream(),
    duplex: 'half',
    signal: request.signal,
  });
}
