/**
 * The path of a call as the client sent it, from the `rawPath` of its event: HTTP APIs decode all of a path but `%25`.
 * Pasted into a URL as it is, what was `%23` would begin a fragment. A decoded `%2F` looks like a slash, and a
 * decoded question mark is lost with all after it, so ids with such characters are encoded otherwise, see `idSegment`.
 * @see https://github.com/middleapi/standard-server/pull/93
 */
export function sentPath(rawPath: string): string {
  return rawPath.split('/').map(encoded).join('/');
}

function encoded(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replaceAll('%2525', '%25');
}
