import type { ProcessorRequest } from './handler.ts';

/** The header with the request's id. */
export const REQUEST_ID_HEADER = 'coatcheck-request-id';

/** The header with the number of the attempt. */
export const ATTEMPT_HEADER = 'coatcheck-attempt';

/** The header with the time after which the response isn't used, as an RFC 3339 date; absent if there is none. */
export const DEADLINE_HEADER = 'coatcheck-deadline';

/** The headers of an HTTP call that hands a request to an application, whose body is the payload as it was sent. */
export function requestHeaders(request: ProcessorRequest): Record<string, string> {
  const all = {
    [REQUEST_ID_HEADER]: headerValue(request.id),
    [ATTEMPT_HEADER]: String(request.attempt),
    [DEADLINE_HEADER]: request.deadline?.toISOString(),
    traceparent: request.traceparent,
    tracestate: request.tracestate,
    'content-type': request.contentType,
    'content-encoding': request.contentEncoding,
    'content-language': request.contentLanguage,
    'content-length': request.size?.toString(),
  };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    if (value) headers[name] = value;
  }
  return headers;
}

/** Ids can contain any character, but headers only Latin-1. */
function headerValue(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id);
}
