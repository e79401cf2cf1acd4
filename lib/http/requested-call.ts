import { validateHeaderName, validateHeaderValue } from 'node:http';
import { CallRefused } from '../core/base/errors.ts';
import { quote } from '../core/base/quote.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import type { CallPart, HttpCall } from '../core/model/http-call.ts';

/** Headers by their names in lower case. */
export type CallHeaders = Readonly<Record<string, string | readonly string[]>>;

/** A call as it is made. */
export interface Call {
  readonly url: URL;
  readonly method: string;
  readonly headers: CallHeaders;
}

/**
 * Headers that no message may set: those of one connection, and those that say how the body is sent.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
 */
const OWN_HEADERS = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const OWN_PREFIX = 'coatcheck-';

/** Methods that would change the connection, or show the service's headers. */
const REFUSED_METHODS = new Set(['CONNECT', 'TRACE']);

/**
 * The call that a message asks for, as far as it may choose.
 * @param url where calls go. A message stays on this host, and in the folder of this path
 * @throws CallRefused
 */
export function requestedCall(url: URL, http: HttpCall = {}, allow: readonly CallPart[]): Call {
  const { method, path, headers } = http;
  return {
    url: path !== undefined && allow.includes('path') ? urlWithin(url, path) : url,
    method: method !== undefined && allow.includes('method') ? checkedMethod(method) : 'POST',
    headers: headers !== undefined && allow.includes('headers') ? checkedHeaders(headers) : {},
  };
}

function urlWithin(base: URL, given: string): URL {
  const folder = base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1);
  const [path = '', ...query] = given.split('?');
  const rooted = path.startsWith('/') ? path : `/${path}`;
  const isPath = /^\/(?!\/)[^\\#\s\p{Cc}]*$/u.test(rooted) && !/^[a-z][a-z\d+.-]*:/i.test(path);
  const climbs = fullyDecoded(rooted)
    .split(/[/\\]/)
    .some((segment) => segment === '..' || segment === '.');
  const url = new URL(base);
  url.pathname = rooted;
  url.search = query.join('?');
  url.hash = '';
  if (isPath && !climbs && url.pathname.startsWith(folder)) return url;
  throw new CallRefused(`a path must be below ${folder}, without . and .., got ${quote(given)}`);
}

/** Decodes a path as often as it changes: a service may decode it twice. */
function fullyDecoded(path: string): string {
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decoded === path ? path : fullyDecoded(decoded);
}

function checkedMethod(given: string): string {
  const method = given.toUpperCase();
  if (/^[A-Z]{1,20}$/.test(method) && !REFUSED_METHODS.has(method)) return method;
  throw new CallRefused(
    `a method has letters only, and isn't ${[...REFUSED_METHODS].join(' or ')}, got ${quote(given)}`,
  );
}

function checkedHeaders(given: NonNullable<HttpCall['headers']>): CallHeaders {
  const byName = Object.entries(given).map(([name, value]) => [name.toLowerCase(), value] as const);
  // A connection header names more headers of the connection.
  const ofConnection = byName
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => [value].flat().join(',').split(','))
    .map((name) => name.trim().toLowerCase());
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of byName) {
    if (OWN_HEADERS.has(name) || name.startsWith(OWN_PREFIX) || ofConnection.includes(name)) continue;
    try {
      validateHeaderName(name);
      for (const one of [value].flat()) validateHeaderValue(name, one);
    } catch (error) {
      throw new CallRefused(messageOf(error));
    }
    headers[name] = value;
  }
  return headers;
}
