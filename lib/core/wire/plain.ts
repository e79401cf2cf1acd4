import { isJson } from '../base/json.ts';
import { BINARY_TYPE, JSON_TYPE, TEXT_TYPE } from '../base/media-type.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { attributesOf } from './attributes.ts';

/**
 * Decodes a message without an envelope. The body is the payload, and the attributes describe it.
 * @param value the parsed body if it is a JSON object or array; undefined otherwise
 */
export function decodePlain(delivery: QueueMessage, value: unknown): DecodedRequest {
  const { contentType, ...described } = attributesOf(delivery);
  return { ...described, ...inlineBody(delivery, contentType, value) };
}

/**
 * The body of a message as a payload.
 * @param contentType the type that the sender states. @default - the type that the body looks like
 * @param value the parsed body, if it was parsed
 */
export function inlineBody(
  { body, bytes }: QueueMessage,
  contentType: string | undefined,
  value?: unknown,
): Pick<DecodedRequest, 'payload' | 'contentType'> {
  if (bytes) return { payload: { inline: bytes }, contentType: contentType ?? BINARY_TYPE };
  return {
    contentType: contentType ?? (value !== undefined || isJson(body) ? JSON_TYPE : TEXT_TYPE),
    payload: { inline: body, ...(value !== undefined && { json: { value } }) },
  };
}
