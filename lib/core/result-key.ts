import { identityDigest, type RequestIdentity } from './request-id.ts';

/**
 * The key of a request's result: the same on every attempt. The id is in it for people; the digest tells apart what
 * the readable part doesn't.
 */
export function resultKey(prefix: string, request: RequestIdentity): string {
  const readable = request.id.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return `${prefix}${readable}/${identityDigest('result', request)}`;
}
