import { EnvelopeMalformed } from '../base/errors.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import type { CloudEventAttributes, MessageAttribute, QueueMessage } from '../model/received-message.ts';
import { isCloudEvent } from './decode-cloudevent.ts';
import { readOptionalText, readRequiredText } from './fields.ts';
import { messageJson } from './message-text.ts';

/** The `type` and the `source` of the CloudEvents that carry relayed messages. */
const RELAYED_TYPE = 'coatcheck.message.relayed';
const RELAYED_SOURCE = 'coatcheck';

const ENVELOPE = 'relayed message';

/** What of a message is relayed. */
export type RelayedContent = Pick<
  QueueMessage,
  'id' | 'body' | 'bytes' | 'attributes' | 'typedAttributes' | 'cloudEvent' | 'group'
>;

/**
 * Encodes a message of another queue system as text that any queue can hold, with its id there, so that a message that is
 * relayed twice is still one message. It is a CloudEvent 1.0 in structured JSON.
 */
export function encodeRelayed(message: RelayedContent): string {
  const { id, body, bytes, attributes, typedAttributes, cloudEvent, group } = message;
  return messageJson(
    JSON.stringify({
      specversion: '1.0',
      id,
      source: RELAYED_SOURCE,
      type: RELAYED_TYPE,
      datacontenttype: 'application/json',
      data: {
        ...(bytes ? { base64: Buffer.from(bytes).toString('base64') } : { body }),
        attributes,
        typedAttributes: typedAttributes && mapValues(typedAttributes, encodeAttribute),
        // JSON has no undefined.
        cloudEvent: cloudEvent && mapValues(cloudEvent, (value) => value ?? null),
        group,
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
  const { attributes, typedAttributes, cloudEvent } = data;
  const body = readOptionalText(ENVELOPE, data, 'body');
  const group = readOptionalText(ENVELOPE, data, 'group');
  const { deliveryCount, sentAt, firstDeliveredAt } = delivery;
  return {
    id: typeof id === 'string' ? id : delivery.id,
    body: body ?? '',
    ...(body === undefined && { bytes: bytesOf(data, 'base64') }),
    attributes: textsOf('attributes', attributes ?? {}),
    ...(isObject(typedAttributes) && { typedAttributes: mapValues(typedAttributes, decodeAttribute) }),
    ...(isObject(cloudEvent) && { cloudEvent: cloudEventOf(cloudEvent) }),
    ...(group !== undefined && { group }),
    ...(deliveryCount !== undefined && { deliveryCount }),
    sentAt,
    ...(firstDeliveredAt !== undefined && { firstDeliveredAt }),
  };
}

function encodeAttribute({ type, value }: MessageAttribute): JsonObject {
  return typeof value === 'string'
    ? { type, value }
    : { type, base64: Buffer.from(value).toString('base64') };
}

function decodeAttribute(attribute: unknown): MessageAttribute {
  if (!isObject(attribute))
    throw new EnvelopeMalformed(ENVELOPE, 'each of typedAttributes must be an object');
  const type = readRequiredText(ENVELOPE, attribute, 'type');
  return { type, value: readOptionalText(ENVELOPE, attribute, 'value') ?? bytesOf(attribute, 'base64') };
}

function cloudEventOf(attributes: JsonObject): CloudEventAttributes {
  const { true: missing = [], false: given = [] } = Object.groupBy(Object.entries(attributes), ([, value]) =>
    String(value === null),
  );
  return {
    ...textsOf('cloudEvent', Object.fromEntries(given)),
    ...Object.fromEntries(missing.map(([name]) => [name, undefined])),
  };
}

function textsOf(name: string, value: unknown): Record<string, string> {
  if (isObject(value) && isTexts(value)) return value;
  throw new EnvelopeMalformed(ENVELOPE, `${name} must be an object of texts`);
}

function isTexts(object: JsonObject): object is Record<string, string> {
  return Object.values(object).every((value) => typeof value === 'string');
}

function bytesOf(object: JsonObject, name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(readOptionalText(ENVELOPE, object, name) ?? '', 'base64'));
}

function mapValues<From, To>(object: Readonly<Record<string, From>>, map: (value: From) => To) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
