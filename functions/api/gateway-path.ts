/** Paths of requests: whoever sends a message may choose an id with slashes. */
const REQUEST_PATH = /^(\/v1\/requests\/)(.+?)((?:\/(?:result|cancel|webhook))?)$/;

/**
 * The path of a call as the client sent it, from the `rawPath` of its event: HTTP APIs decode all of a path but `%25`.
 * Pasted into a URL as it is, what was `%23` would begin a fragment, and what was `%2F` another segment. A decoded
 * question mark is lost, and all after it.
 * @see https://github.com/middleapi/standard-server/pull/93
 */
export function sentPath(rawPath: string): string {
  const [, root, id, rest] = REQUEST_PATH.exec(rawPath) ?? [];
  if (root && id) return root + encoded(id) + rest;
  return rawPath.split('/').map(encoded).join('/');
}

function encoded(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replaceAll('%2525', '%25');
}
