import { ConfigurationError } from '../core/base/errors.ts';

/** Parameters of a query; undefined values are omitted. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** Normalizes the URL of an API: without a trailing slash. @throws ConfigurationError */
export function baseUrlOf(given: string | URL): string {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined;
  const isFit = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username;
  if (!isFit) {
    throw new ConfigurationError(
      `baseUrl must be the http or https URL of the API, without a query, got ${JSON.stringify(String(given))}`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** Encodes a query. Encodes every special character, because signers and servers disagree about those, `+` in particular. */
export function queryText(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
}

/** The name-value pairs of a query. */
export function pairsOf(query: Query): [string, string][] {
  return Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
}

/** Name of a call in errors, without the query, which may hold a signature. */
export function callName(method: string, url: URL): string {
  return `${method} ${url.origin}${url.pathname}`;
}

/** @see https://www.rfc-editor.org/rfc/rfc3986#section-2.3 */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
