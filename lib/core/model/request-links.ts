import { idSegment } from './id-segment.ts';

/** The paths of a request below the base URL of the HTTP API. */
export interface RequestLinks {
  readonly self: string;
  readonly result: string;
  readonly cancel: string;
}

/** The path of a request below the API's base URL. @param rest the part after the id */
export function requestPath(id: string, rest = ''): string {
  return `/v1/requests/${idSegment(id)}${rest}`;
}

/** The links of a request. @param source the source that the id is unique in; empty if it is globally unique */
export function linksOf(id: string, source: string): RequestLinks {
  const query = source === '' ? '' : `?source=${encodeURIComponent(source)}`;
  return {
    self: requestPath(id) + query,
    result: requestPath(id, '/result') + query,
    cancel: requestPath(id, '/cancel') + query,
  };
}

/** The path of a batch below the API's base URL. @param rest the part after the id */
export function batchPath(id: string, rest = ''): string {
  return `/v1/batches/${idSegment(id)}${rest}`;
}
