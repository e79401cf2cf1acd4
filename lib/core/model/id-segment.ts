/** Ids that stand in a URL's path as they are. Dots alone aren't among them: URLs resolve those as folders. */
const PLAIN = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** What a segment begins with that holds an id as base64url. */
const ENCODED = '~';

/**
 * A request id as one segment of a URL's path. Ids of other characters than letters, digits and `-._` become `~` and
 * their UTF-8 as base64url. Percent-encoding isn't enough: API Gateway decodes a path before it passes it on, so that
 * the id `p/result` would be the result of `p`, and an id would end at its `?`.
 */
export function idSegment(id: string): string {
  return PLAIN.test(id) ? id : ENCODED + base64urlOf(id);
}

/** The id that a segment stands for, percent-decoded already. What isn't as {@link idSegment} has it stands for itself. */
export function idOfSegment(segment: string): string {
  const id = Buffer.from(segment.slice(ENCODED.length), 'base64url').toString();
  return id !== '' && segment === idSegment(id) ? id : segment;
}

/** Without Node's `Buffer`, for browsers. */
function base64urlOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
