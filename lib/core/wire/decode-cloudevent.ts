import { EnvelopeMalformed } from '../base/errors.ts';
import { jsonValue, memberTexts } from '../base/json.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import { BINARY_TYPE, isJsonType, JSON_TYPE } from '../base/media-type.ts';
import { parseClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { CLOUDEVENT, readCloudEventAttributes } from './cloudevent-attributes.ts';
import { readBase64, readOptionalText, readRequiredText } from './fields.ts';

/** Whether a message claims to be a CloudEvent. */
export function isCloudEvent(value: unknown): value is JsonObject {
  return isObject(value) && value.specversion !== undefined;
}

/** The attributes of a message that is a CloudEvent, in binary or in structured mode; undefined for any other message. */
export function cloudEventOf({
  cloudEvent,
  body,
}: Pick<QueueMessage, 'cloudEvent' | 'body'>): JsonObject | undefined {
  if (cloudEvent) return cloudEvent;
  // Spares most other messages the parse.
  if (!/^\s*\{/.test(body) || !body.includes('"specversion"')) return undefined;
  const value = jsonValue(body);
  return isCloudEvent(value) ? value : undefined;
}

/**
 * Reads a CloudEvent 1.0 in structured JSON.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 * @param text the JSON of the event
 * @throws EnvelopeMalformed
 */
export function decodeCloudEvent(event: JsonObject, text: string): DecodedRequest {
  return { ...readCloudEventAttributes(event), ...payloadOf(event, text) };
}

function payloadOf(event: JsonObject, text: string): Pick<DecodedRequest, 'payload' | 'contentType'> {
  if (event.data !== undefined && hasValue(event.data_base64)) {
    throw new EnvelopeMalformed(CLOUDEVENT, 'data and data_base64 exclude each other, got both');
  }
  const contentType = readOptionalText(CLOUDEVENT, event, 'datacontenttype');
  // If an event has both its data and a reference to it, no read is needed.
  if (event.data !== undefined) return inlineData(event.data, text, contentType ?? JSON_TYPE);
  if (hasValue(event.data_base64)) {
    return {
      payload: { inline: readBase64(CLOUDEVENT, 'data_base64', event.data_base64) },
      contentType: contentType ?? BINARY_TYPE,
    };
  }
  // Data is optional in an event.
  if (!hasValue(event.dataref)) return { payload: { inline: '' }, contentType };
  return { payload: parseClaimCheck(readRequiredText(CLOUDEVENT, event, 'dataref')), contentType };
}

/** Keeps JSON as it was written: parsing and serializing it would round long numbers. */
function inlineData(
  data: unknown,
  text: string,
  contentType: string,
): Pick<DecodedRequest, 'payload' | 'contentType'> {
  if (!isJsonType(contentType) && typeof data === 'string') return { payload: { inline: data }, contentType };
  const inline = memberTexts(text).get('data') ?? JSON.stringify(data);
  return { payload: { inline, json: { value: data } }, contentType };
}

/** A null member counts as missing, except `data`, for which null is a value. */
function hasValue(member: unknown): boolean {
  return member !== undefined && member !== null;
}
