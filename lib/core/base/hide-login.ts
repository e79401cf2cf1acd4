/**
 * A URL without its user name and password, for logs and errors. A user name alone may be a token. The text may be a
 * malformed URL, so everything up to the last @ goes.
 */
export function hideLogin(url: string): string {
  return url.replace(/\/\/\S*@/, '//…@');
}
