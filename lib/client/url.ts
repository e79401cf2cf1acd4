import { ConfigurationError } from '../core/base/errors.ts';

/** What a query is made of; members that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** The URL of an API, without a slash at its end. @throws ConfigurationError */
export function baseUrlOf(given: string | URL): string {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined;
  const isFit = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username;
  if (!isFit) {
    throw new ConfigurationError(
      `baseUrl must be the API's http or https URL without a query, got ${JSON.stringify(String(given))}`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** A query as text. Signers and servers disagree about whatever isn't encoded, `+` most of all. */
export function queryText(pairs: readonly (readonly [name: string, value: string])[]): string {
  return pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
}

/** The pairs of a query. */
export function pairsOf(query: Query): [string, string][] {
  return Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
}

/** A call as errors name it: a query may hold a signature. */
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
