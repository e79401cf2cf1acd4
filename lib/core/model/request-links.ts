import { idSegment } from './id-segment.ts';

/** Where a request is found at an HTTP API, as paths below the API's base URL. */
export interface RequestLinks {
  readonly self: string;
  readonly result: string;
  readonly cancel: string;
}

/** The path of a request below the API's base URL. @param rest what comes after its id */
export function requestPath(id: string, rest = ''): string {
  return `/v1/requests/${idSegment(id)}${rest}`;
}

/** The links of a request. @param source who gave the id; empty when it stands for itself */
export function linksOf(id: string, source: string): RequestLinks {
  const query = source === '' ? '' : `?source=${encodeURIComponent(source)}`;
  return {
    self: requestPath(id) + query,
    result: requestPath(id, '/result') + query,
    cancel: requestPath(id, '/cancel') + query,
  };
}
