import { isJson } from '../base/json.ts';
import { JSON_TYPE, TEXT_TYPE } from '../base/media-type.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { attributesOf } from './attributes.ts';

/**
 * A message in no envelope is the payload itself; its attributes say what an envelope would.
 * @param value the object or array that the body is as JSON; undefined when it is something else
 */
export function decodePlain(delivery: QueueMessage, value: unknown): DecodedRequest {
  const { contentType, ...described } = attributesOf(delivery);
  const isJsonText = value !== undefined || isJsonScalar(delivery.body);
  return {
    ...described,
    contentType: contentType ?? (isJsonText ? JSON_TYPE : TEXT_TYPE),
    payload: { inline: delivery.body, ...(value !== undefined && { json: { value } }) },
  };
}

function isJsonScalar(body: string): boolean {
  return /^\s*(?:"|-?\d|true|false|null)/.test(body) && isJson(body);
}
