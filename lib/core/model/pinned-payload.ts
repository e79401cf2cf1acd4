import { createHash } from 'node:crypto';
import { type ClaimCheck, formatClaimCheck } from './claim-check.ts';
import type { DecodedRequest } from './decoded-request.ts';
import type { QueueMessage } from './received-message.ts';

/** The payload a request was begun with: every attempt at it runs this one and no other. */
export interface PinnedPayload {
  /** 22 characters that stand for the payload and its type. */
  readonly digest: string;
  /** Where it is stored; absent when it is in the message. */
  readonly check?: ClaimCheck;
  /** The message that brought it last. */
  readonly messageId: string;
  /** When that was sent, in milliseconds since 1970. */
  readonly sentAt: number;
}

/** What a delivery pins its request to; undefined when its payload can't be read, so that nothing can be begun with it. */
export function pinnedPayloadOf(
  request: DecodedRequest,
  { id: messageId, sentAt }: Pick<QueueMessage, 'id' | 'sentAt'>,
): PinnedPayload | undefined {
  const { payload } = request;
  if ('unreadable' in payload) return undefined;
  const pinned = { digest: payloadDigest(request), messageId, sentAt };
  return 'inline' in payload ? pinned : { ...pinned, check: payload };
}

/** Stands for a payload, its type and its coding. What else a message says isn't part of it: a redriven message may say more. */
export function payloadDigest({ payload, contentType, contentEncoding }: DecodedRequest): string {
  const hash = createHash('sha256').update(JSON.stringify([contentType, contentEncoding]));
  if ('inline' in payload) hash.update('inline').update(payload.inline);
  else hash.update('key' in payload ? formatClaimCheck(payload) : 'unreadable');
  return hash.digest('base64url').slice(0, 22);
}
