import type { DecodedRequest } from './envelopes/decode.ts';
import { digestOf } from './request-id.ts';

/**
 * The key of a request's result: the same on every attempt. The id is in it for people; the digest tells apart what
 * the readable part doesn't.
 */
export function resultKey(prefix: string, { id, issuer }: Pick<DecodedRequest, 'id' | 'issuer'>): string {
  const readable = id.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 64);
  return `${prefix}${readable}/${digestOf('result', issuer, id)}`;
}
