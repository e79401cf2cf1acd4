/** Ids that need no encoding in a URL's path. Ids of dots only do, since URLs resolve them as folders. */
const PLAIN = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** Prefix of a segment that contains an id as base64url. */
const ENCODED = '~';

/**
 * Encodes a request id as one segment of a URL's path. An id with characters other than letters, digits and `-._`
 * becomes `~` and its UTF-8 as base64url. Percent-encoding isn't enough, since API Gateway decodes a path before it
 * passes it on: the id `p/result` would address the result of `p`, and an id would end at a `?`.
 */
export function idSegment(id: string): string {
  return PLAIN.test(id) ? id : ENCODED + base64urlOf(id);
}

/** Decodes a segment that is already percent-decoded. One that {@link idSegment} didn't encode is the id itself. */
export function idOfSegment(segment: string): string {
  const id = Buffer.from(segment.slice(ENCODED.length), 'base64url').toString();
  return id !== '' && segment === idSegment(id) ? id : segment;
}

/** Avoids Node's `Buffer`, since browsers run this. */
function base64urlOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
