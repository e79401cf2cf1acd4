import { EnvelopeMalformed } from '../base/errors.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import { JSON_TYPE } from '../base/media-type.ts';
import type { CloudEventAttributes, QueueMessage } from '../model/received-message.ts';
import { isRequestId } from '../model/request-id.ts';
import { isCloudEvent } from './decode-cloudevent.ts';
import { isTexts, readOptionalText } from './fields.ts';
import { messageJson } from './message-text.ts';

/** The `type` and the `source` of the CloudEvents that carry relayed messages. */
const RELAYED_TYPE = 'coatcheck.message.relayed';
const RELAYED_SOURCE = 'coatcheck';

const ENVELOPE = 'relayed message';

/** The parts of a message that are relayed: all that its request is decoded from. */
export type RelayedContent = Pick<QueueMessage, 'id' | 'body' | 'bytes' | 'attributes' | 'cloudEvent'>;

/**
 * Encodes a message of another queue system as text that any queue can hold, with its id there, so that a message that is
 * relayed twice is still one request. It is a CloudEvent 1.0 in structured JSON.
 */
export function encodeRelayed({ id, body, bytes, attributes, cloudEvent }: RelayedContent): string {
  return messageJson(
    JSON.stringify({
      specversion: '1.0',
      id,
      source: RELAYED_SOURCE,
      type: RELAYED_TYPE,
      datacontenttype: JSON_TYPE,
      data: {
        ...(bytes ? { base64: Buffer.from(bytes).toString('base64') } : { body }),
        attributes,
        cloudEvent: cloudEvent && withNulls(cloudEvent),
      },
    }),
  );
}

/** Whether a message was relayed from another queue system. */
export function isRelayed(value: unknown): value is JsonObject {
  return isCloudEvent(value) && value.type === RELAYED_TYPE && value.source === RELAYED_SOURCE;
}

/**
 * Unwraps what {@link encodeRelayed} wrote.
 * @throws EnvelopeMalformed
 */
export function unwrapRelayed({ id, data }: JsonObject, delivery: QueueMessage): QueueMessage {
  if (!isObject(data)) throw new EnvelopeMalformed(ENVELOPE, 'data must be an object');
  const { attributes, cloudEvent } = data;
  const body = readOptionalText(ENVELOPE, data, 'body');
  return {
    ...delivery,
    id: isRequestId(id) ? id : delivery.id,
    body: body ?? '',
    ...(body === undefined && { bytes: bytesOf(data) }),
    attributes: textsOf('attributes', attributes ?? {}),
    ...(isObject(cloudEvent) && { cloudEvent: withoutNulls(cloudEvent) }),
  };
}

/** JSON has no undefined. */
function withNulls(attributes: CloudEventAttributes): Record<string, string | null> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, value ?? null]));
}

function withoutNulls(attributes: JsonObject): CloudEventAttributes {
  const unreadable = Object.keys(attributes).filter((name) => attributes[name] === null);
  const readable = Object.entries(attributes).filter(([, value]) => value !== null);
  return {
    ...textsOf('cloudEvent', Object.fromEntries(readable)),
    ...Object.fromEntries(unreadable.map((name) => [name, undefined])),
  };
}

function textsOf(name: string, value: unknown): Record<string, string> {
  if (isTexts(value)) return value;
  throw new EnvelopeMalformed(ENVELOPE, `${name} must be an object of strings`);
}

function bytesOf(data: JsonObject): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(readOptionalText(ENVELOPE, data, 'base64') ?? '', 'base64'));
}
