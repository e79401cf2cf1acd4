import { createHash } from 'node:crypto';
import { type ClaimCheck, formatClaimCheck } from './claim-check.ts';
import type { DecodedRequest } from './decoded-request.ts';
import type { QueueMessage } from './received-message.ts';

/** The payload of the first attempt. Every later attempt uses it, too. */
export interface PinnedPayload {
  /** A digest of the payload and its type, 22 characters long. */
  readonly digest: string;
  /** Where it is stored; absent if it is inline. */
  readonly check?: ClaimCheck;
  /** The id of the latest message with this payload. */
  readonly messageId: string;
  /** When that message was sent, in milliseconds since 1970. */
  readonly sentAt: number;
}

/** The payload that a delivery would pin its request to; undefined if it can't be read. */
export function pinnedPayloadOf(
  request: DecodedRequest,
  { id: messageId, sentAt }: Pick<QueueMessage, 'id' | 'sentAt'>,
): PinnedPayload | undefined {
  const { payload } = request;
  if ('unreadable' in payload) return undefined;
  const pinned = { digest: payloadDigest(request), messageId, sentAt };
  return 'inline' in payload ? pinned : { ...pinned, check: payload };
}

/**
 * A digest of a payload, its type and its encoding. It covers nothing else, since a redriven message may have more
 * attributes.
 */
export function payloadDigest({ payload, contentType, contentEncoding }: DecodedRequest): string {
  const hash = createHash('sha256').update(JSON.stringify([contentType, contentEncoding]));
  if ('inline' in payload) hash.update('inline').update(payload.inline);
  else hash.update('key' in payload ? formatClaimCheck(payload) : 'unreadable');
  return hash.digest('base64url').slice(0, 22);
}
