import { isJson } from '../base/json.ts';
import { JSON_TYPE, TEXT_TYPE } from '../base/media-type.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { Delivery } from '../model/received-message.ts';
import { attributesOf } from './attributes.ts';

/**
 * A message in no envelope is the payload itself; its attributes say what an envelope would.
 * @param container whether the body is known to be a JSON object or array
 */
export function decodePlain(delivery: Delivery, container: boolean): DecodedRequest {
  const { contentType, ...described } = attributesOf(delivery);
  return {
    ...described,
    contentType: contentType ?? (container || isJsonScalar(delivery.body) ? JSON_TYPE : TEXT_TYPE),
    payload: { inline: delivery.body },
  };
}

function isJsonScalar(body: string): boolean {
  return /^\s*(?:"|-?\d|true|false|null)/.test(body) && isJson(body);
}
