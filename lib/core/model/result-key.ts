import { identityDigest, type RequestIdentity } from './request-id.ts';

/**
 * The key of a result. The id makes it readable for people; the digest makes it unique.
 * @param use more that distinguishes results, such as the record of their request
 */
export function resultKey(prefix: string, request: RequestIdentity, use: string): string {
  const readable = request.id
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 64)
    // HTTP clients resolve these segments, and so ask for another key.
    .replace(/^\.{1,2}$/, '-');
  return `${prefix}${readable}/${identityDigest(use, request)}`;
}

/**
 * The key of a request's result, the same for every attempt. A request that reuses an id after the earlier record was
 * deleted has another key, since results can outlive records.
 * @param createdAt when the request's record was created, in milliseconds since 1970
 * @param completion sets the result of one completion apart. @default - that of any attempt
 */
export function keyOfResult(
  prefix: string,
  request: RequestIdentity,
  createdAt: number,
  completion?: string,
): string {
  const use = completion === undefined ? `result ${createdAt}` : `result ${createdAt} ${completion}`;
  return resultKey(prefix, request, use);
}
