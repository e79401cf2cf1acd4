import type { DecodedRequest, RejectedRequest } from '../../lib/core/model/decoded-request.ts';
import type { QueueMessage } from '../../lib/core/model/received-message.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { delivery } from './delivery.ts';

export const MAX_JSON_DEPTH = 128;

/** Decodes a message that holds one request. */
export function decodedRequest(body: unknown, given: Partial<QueueMessage> = {}): DecodedRequest {
  const [decoded, ...more] = decode(message(body, given), { maxJsonDepth: MAX_JSON_DEPTH });
  if (!decoded || more.length > 0)
    throw new Error(`${more.length + (decoded ? 1 : 0)} requests were decoded`);
  if ('rejection' in decoded) throw decoded.rejection;
  return decoded;
}

/** Decodes a message that is rejected as a whole. */
export function rejectedRequest(body: unknown, given: Partial<QueueMessage> = {}): RejectedRequest {
  const [decoded, ...more] = decode(message(body, given), { maxJsonDepth: MAX_JSON_DEPTH });
  if (!decoded || more.length > 0)
    throw new Error(`${more.length + (decoded ? 1 : 0)} requests were decoded`);
  if (!('rejection' in decoded)) throw new Error(`${decoded.id} was not rejected`);
  return decoded;
}

/** Every request of a message. */
export function decodedAll(body: unknown, given: Partial<QueueMessage> = {}) {
  return decode(message(body, given), { maxJsonDepth: MAX_JSON_DEPTH });
}

/** The text of an inline payload. */
export function inlineText({ payload }: DecodedRequest): string {
  if (!('inline' in payload)) throw new Error('the payload is a claim check');
  return Buffer.from(payload.inline).toString();
}

function message(body: unknown, given: Partial<QueueMessage>): QueueMessage {
  return delivery(typeof body === 'string' ? body : JSON.stringify(body), given);
}
