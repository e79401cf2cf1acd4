import { identityDigest, type RequestIdentity } from './request-id.ts';

/**
 * The key of a result. The id is in it for people; the digest separates what the readable part doesn't.
 * @param use what else separates results: the record of the request they are of, say
 */
export function resultKey(prefix: string, request: RequestIdentity, use: string): string {
  const readable = request.id.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return `${prefix}${readable}/${identityDigest(use, request)}`;
}

/**
 * The key of the result of a request: the same on every attempt. Results may be kept longer than records, so a request
 * that has the id of an earlier one, whose record is gone, has another key.
 * @param createdAt when the request's record was created, in milliseconds since 1970
 */
export function keyOfResult(prefix: string, request: RequestIdentity, createdAt: number): string {
  return resultKey(prefix, request, `result ${createdAt}`);
}
