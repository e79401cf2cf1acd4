import { idSegment } from './id-segment.ts';

/** The paths of a request below the base URL of the HTTP API. */
export interface RequestLinks {
  readonly self: string;
  readonly result: string;
  readonly cancel: string;
}

/**
 * The path of a request below the API's base URL.
 * @param rest the part after the id
 * @param tenant the request's, for operators. @default - the caller's
 */
export function requestPath(id: string, rest = '', tenant?: string): string {
  const owner = tenant === undefined ? '' : `/tenants/${idSegment(tenant)}`;
  return `/v1${owner}/requests/${idSegment(id)}${rest}`;
}

/**
 * The links of a request.
 * @param source the source that the id is unique in; empty if it is globally unique
 * @param tenant the request's, for operators. @default - the caller's
 */
export function linksOf(id: string, source: string, tenant?: string): RequestLinks {
  const query = source === '' ? '' : `?source=${encodeURIComponent(source)}`;
  return {
    self: requestPath(id, '', tenant) + query,
    result: requestPath(id, '/result', tenant) + query,
    cancel: requestPath(id, '/cancel', tenant) + query,
  };
}

/** The path of a batch below the API's base URL. @param rest the part after the id */
export function batchPath(id: string, rest = ''): string {
  return `/v1/batches/${idSegment(id)}${rest}`;
}
