/** An HTTP date in one of its three forms. All are in GMT, though asctime's form doesn't say so. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2,8}, .*\d GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [\d ]\d \d{2}:\d{2}:\d{2} \d{4}(?: GMT)?)$/;

/**
 * Parses a `Retry-After` header, which holds seconds or an HTTP date.
 * @param now milliseconds since 1970
 * @returns whole seconds from now, 0 for a date in the past; undefined for a missing or malformed header
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(text)) return Number(text);
  if (!HTTP_DATE.test(text)) return undefined;
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : Math.max(0, Math.ceil((time - now) / 1000));
}
