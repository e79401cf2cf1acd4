import { formatMetadataHeader, METADATA_HEADER } from '../model/metadata-header.ts';
import type { ProcessorRequest } from './handler.ts';

/** The header with the request's id. */
export const REQUEST_ID_HEADER = 'coatcheck-request-id';

/** The header with the request's tenant; absent if it has none. */
export const TENANT_HEADER = 'coatcheck-tenant';

/** The header with the request's topic; absent if it has none. */
export const TOPIC_HEADER = 'coatcheck-topic';

/** The header with the number of the attempt. */
export const ATTEMPT_HEADER = 'coatcheck-attempt';

/** The header of a rehearsal, whose value is `true`: the application must leave out what may happen only once. */
export const REHEARSAL_HEADER = 'coatcheck-rehearsal';

/** The header with the time after which the response isn't used, as an RFC 3339 date; absent if there is none. */
export const DEADLINE_HEADER = 'coatcheck-deadline';

/** Longest metadata in a header, in bytes: servers refuse longer headers, most of them from 8 KiB for all of them together. */
const MAX_METADATA_BYTES = 4_096;

/** The headers of an HTTP call that hands a request to an application, whose body is the payload as it was sent. */
export function requestHeaders(request: ProcessorRequest): Record<string, string> {
  const all = {
    [REQUEST_ID_HEADER]: headerValue(request.id),
    [TENANT_HEADER]: request.tenant && headerValue(request.tenant),
    [TOPIC_HEADER]: request.topic && headerValue(request.topic),
    [ATTEMPT_HEADER]: String(request.attempt),
    [REHEARSAL_HEADER]: request.isRehearsal ? 'true' : undefined,
    [DEADLINE_HEADER]: request.deadline?.toISOString(),
    [METADATA_HEADER]: metadataOf(request),
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

/** Undefined if there is none, or too much for a header. */
function metadataOf({ metadata }: ProcessorRequest): string | undefined {
  if (Object.keys(metadata).length === 0) return undefined;
  const text = formatMetadataHeader(metadata);
  return text.length <= MAX_METADATA_BYTES ? text : undefined;
}

/** Ids and tenants can contain any character, but headers only Latin-1. With a `%`, a text would seem to be encoded. */
function headerValue(text: string): string {
  return /^[\x21-\x24\x26-\x7e]+$/.test(text) ? text : encodeURIComponent(text);
}
