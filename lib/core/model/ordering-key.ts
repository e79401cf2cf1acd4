import { quote } from '../base/quote.ts';

/** Longest ordering key, in characters. */
const ORDERING_KEY_MAX_LENGTH = 128;

/** An ordering key of the API: headers and metadata of objects in S3 hold no other text. */
export const ORDERING_KEY = /^[!-~](?:[ -~]{0,126}[!-~])?$/;

/** The metadata of an object in S3 that has the ordering key of its request. */
export const ORDERING_KEY_METADATA = 'ordering-key';

/** What is wrong with an ordering key; undefined if it is valid. */
export function orderingKeyProblem(key: string): string | undefined {
  if (ORDERING_KEY.test(key)) return undefined;
  return `must have 1 to ${ORDERING_KEY_MAX_LENGTH} printable ASCII characters without a space at either end, got ${key.length}: ${quote(key)}`;
}
