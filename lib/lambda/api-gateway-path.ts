/**
 * The path of a call as the client sent it, from the `rawPath` of its event: HTTP APIs decode everything in a path except
 * `%25`. In a URL, a decoded `%23` would begin a fragment. A decoded `%2F` looks like a slash, and a decoded question mark is
 * lost with everything after it, so ids with such characters are encoded in another way, see `idSegment`.
 * @see https://github.com/middleapi/standard-server/pull/93
 */
export function sentPath(rawPath: string): string {
  return rawPath.split('/').map(encoded).join('/');
}

function encoded(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replaceAll('%2525', '%25');
}
