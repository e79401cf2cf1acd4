import { hash } from 'node:crypto';
import { type ClaimCheck, formatClaimCheck } from './claim-check.ts';
import type { DecodedRequest } from './decoded-request.ts';
import type { QueueMessage } from './received-message.ts';

/** The payload of the first attempt. Every later attempt uses it, too. */
export interface PinnedPayload {
  /** A digest of the payload and its type, 22 characters long. */
  readonly digest: string;
  /** Where it is stored; absent if it is inline. */
  readonly check?: ClaimCheck;
  /** The content type of one that is stored, if its message says it. */
  readonly contentType?: string;
  /** The content encoding of one that is stored, if its message says it. */
  readonly contentEncoding?: string;
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
  if ('inline' in payload) return pinned;
  const { contentType, contentEncoding } = request;
  return {
    ...pinned,
    check: payload,
    ...(contentType !== undefined && { contentType }),
    ...(contentEncoding !== undefined && { contentEncoding }),
  };
}

/**
 * A digest of a payload, its type and its encoding. It covers nothing else, since a redriven message may have more
 * attributes.
 */
export function payloadDigest({ payload, contentType, contentEncoding }: DecodedRequest): string {
  const about = JSON.stringify([contentType, contentEncoding]);
  return hash('sha256', digested(about, payload), 'base64url').slice(0, 22);
}

function digested(about: string, payload: DecodedRequest['payload']): string | Uint8Array {
  if (!('inline' in payload)) return about + ('key' in payload ? formatClaimCheck(payload) : 'unreadable');
  const { inline } = payload;
  return typeof inline === 'string'
    ? `${about}inline${inline}`
    : Buffer.concat([Buffer.from(`${about}inline`), inline]);
}
