import { EnvelopeMalformed } from '../base/errors.ts';
import { memberText } from '../base/json.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import { BINARY_TYPE, isJsonType, JSON_TYPE } from '../base/media-type.ts';
import { readTraceContext } from '../base/traceparent.ts';
import { parseClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { optionalText, optionalTime, requiredText, shown } from './fields.ts';

const ENVELOPE = 'CloudEvent';

/** Attributes that aren't the sender's notes; every other one is passed on as metadata. */
const OWN_ATTRIBUTES = new Set([
  'specversion',
  'id',
  'data',
  'data_base64',
  'callbackurl',
  'datacontenttype',
  'dataref',
  'expirytime',
  'traceparent',
  'tracestate',
]);

/** Whether a message claims to be a CloudEvent. */
export function isCloudEvent(value: unknown): value is JsonObject {
  return isObject(value) && value.specversion !== undefined;
}

/**
 * Reads a CloudEvent 1.0 in structured JSON.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 * @param text what the event was parsed from
 * @throws EnvelopeMalformed
 */
export function decodeCloudEvent(event: JsonObject, text: string): DecodedRequest {
  const attribute = (name: string) => optionalText(ENVELOPE, event, name);
  if (event.specversion !== '1.0') {
    throw new EnvelopeMalformed(ENVELOPE, `specversion must be "1.0", got ${shown(event.specversion)}`);
  }
  const id = requiredText(ENVELOPE, event, 'id');
  const source = requiredText(ENVELOPE, event, 'source');
  requiredText(ENVELOPE, event, 'type');
  return {
    id,
    source,
    ...payloadOf(event, text),
    metadata: metadataOf(event),
    tenant: attribute('tenant'),
    ...readTraceContext(event),
    callbackUrl: attribute('callbackurl'),
    expiresAt: optionalTime(ENVELOPE, 'expirytime', attribute('expirytime')),
  };
}

function payloadOf(event: JsonObject, text: string): Pick<DecodedRequest, 'payload' | 'contentType'> {
  if (event.data !== undefined && hasValue(event.data_base64)) {
    throw new EnvelopeMalformed(ENVELOPE, 'data and data_base64 exclude each other, got both');
  }
  const contentType = optionalText(ENVELOPE, event, 'datacontenttype');
  // An event may carry its data and a reference to the same data: the data is at hand.
  if (event.data !== undefined) return inlineData(event.data, text, contentType ?? JSON_TYPE);
  if (hasValue(event.data_base64)) {
    return { payload: { inline: base64(event.data_base64) }, contentType: contentType ?? BINARY_TYPE };
  }
  // An event needs no data.
  if (!hasValue(event.dataref)) return { payload: { inline: '' }, contentType };
  return { payload: parseClaimCheck(requiredText(ENVELOPE, event, 'dataref')), contentType };
}

/** JSON as it was written: parsing and writing it again would round long numbers. */
function inlineData(
  data: unknown,
  text: string,
  contentType: string,
): Pick<DecodedRequest, 'payload' | 'contentType'> {
  if (!isJsonType(contentType) && typeof data === 'string') return { payload: { inline: data }, contentType };
  const inline = memberText(text, 'data') ?? JSON.stringify(data);
  return { payload: { inline, json: { value: data } }, contentType };
}

/** A member that is null is as good as missing; only for `data` null is a value. */
function hasValue(member: unknown): boolean {
  return member !== undefined && member !== null;
}

function base64(value: unknown): Uint8Array<ArrayBuffer> {
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0) {
    return Buffer.from(value, 'base64');
  }
  // Not the text itself: it is a payload, and errors are logged.
  const came = typeof value === 'string' ? `a text of ${value.length} characters` : `a ${typeof value}`;
  throw new EnvelopeMalformed(ENVELOPE, `data_base64 must be base64, got ${came}`);
}

/** Attributes and extensions as text, as they are in every other binding of the format. */
function metadataOf(event: JsonObject): Record<string, string> {
  const notes = Object.entries(event).filter(
    ([name, value]) => !OWN_ATTRIBUTES.has(name) && ['string', 'number', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(notes.map(([name, value]) => [name, String(value)]));
}
