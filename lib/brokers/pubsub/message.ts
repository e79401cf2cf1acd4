import type { protos } from '@google-cloud/pubsub-api';
import type {
  CloudEventAttributes,
  MessageAttribute,
  QueueMessage,
} from '../../core/model/received-message.ts';
import type { OutputMessage } from '../../core/ports/message-sink.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';
import type { MessageContent } from '../../core/wire/forwarded-message.ts';
import { utf8Text } from '../../core/wire/message-text.ts';
import {
  type AttributeEncoding,
  decodeAttribute,
  encodeAttribute,
  parseEncodings,
} from '../attribute-encoding.ts';

type PubSubMessage = protos.google.pubsub.v1.IPubsubMessage;

/** A message as it is published. */
export interface EncodedMessage {
  readonly data: Uint8Array;
  readonly attributes: Record<string, string>;
  /** Empty if there is no group. */
  readonly orderingKey: string;
}

/**
 * Largest publish request, in bytes. The documentation says 10 MB for it and for a message; Google's client for Go takes it
 * as a power of ten.
 * @see https://cloud.google.com/pubsub/quotas#resource_limits
 */
export const MAX_REQUEST_BYTES = 10_000_000;

/** @see https://cloud.google.com/pubsub/quotas#resource_limits */
const MAX_ATTRIBUTES = 100;
const MAX_NAME_BYTES = 256;
const MAX_VALUE_BYTES = 1_024;
const MAX_ORDERING_KEY_BYTES = 1_024;

/** More than the tags and lengths that the protocol adds to a message, and to an attribute. */
const MESSAGE_OVERHEAD_BYTES = 24;
const ATTRIBUTE_OVERHEAD_BYTES = 12;

/** The prefix of names that the service reserves. */
const SERVICE_PREFIX = /^goog/i;

/** The prefix of a CloudEvent's attributes. */
const CLOUDEVENT_PREFIX = /^ce-/i;

/**
 * The media type, as CloudEvents' binding spells it. Earlier drafts spelled it otherwise.
 * @see https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md
 */
const CONTENT_TYPE = 'content-type';
const CONTENT_TYPE_SPELLING = /^content-?type$/i;

/** How CloudEvents' SDK for Go spells it: events have both. */
const SDK_CONTENT_TYPE = 'Content-Type';

/** The media type of an event in structured mode. */
const STRUCTURED_TYPE = /^application\/cloudevents/i;

/** JSON with the type and encoding of each attribute that isn't a text: `{"Size":{"type":"Number"}}`. */
const ENCODINGS = 'coatcheck-encodings';

/** What of a received message its content says. */
export function decodeContent({ data, attributes: given, orderingKey }: PubSubMessage): MessageContent {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : (data ?? new Uint8Array());
  const body = utf8Text(bytes);
  const all = new Map(Object.entries(given ?? {}));
  const cloudEvent = cloudEventOf(all);
  return {
    body: body ?? '',
    ...(body === undefined && { bytes: new Uint8Array(bytes) }),
    ...attributesOf(all, cloudEvent !== undefined),
    ...(cloudEvent && { cloudEvent }),
    ...(orderingKey && { group: orderingKey }),
  };
}

/** @throws RangeError if the service would refuse the message for anything but its size */
export function encodeMessage(message: OutputMessage): EncodedMessage {
  const { body, bytes, group: orderingKey = '' } = message;
  const data = bytes ?? Buffer.from(body);
  const attributes = encodeAttributes(message);
  const count = Object.keys(attributes).length;
  if (count === 0 && data.byteLength === 0) {
    throw new RangeError('the message has neither a body nor an attribute');
  }
  if (count > MAX_ATTRIBUTES) {
    throw new RangeError(`the message has ${count} attributes; Pub/Sub's limit is ${MAX_ATTRIBUTES}`);
  }
  for (const [name, value] of Object.entries(attributes)) {
    checkBytes(`the name of the attribute ${name}`, name, MAX_NAME_BYTES);
    checkBytes(`the value of the attribute ${name}`, value, MAX_VALUE_BYTES);
  }
  checkBytes('the message group', orderingKey, MAX_ORDERING_KEY_BYTES);
  return { data, attributes, orderingKey };
}

/** At most so many bytes of a request. It doesn't depend on lengths of lengths, so that it grows with the body. */
export function sizeOfEncoded({ data, attributes, orderingKey }: EncodedMessage): number {
  let size = MESSAGE_OVERHEAD_BYTES + data.byteLength + Buffer.byteLength(orderingKey);
  for (const [name, value] of Object.entries(attributes)) {
    size += ATTRIBUTE_OVERHEAD_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return size;
}

function encodeAttributes({
  attributes: given,
  cloudEvent,
  mediaType,
}: OutputMessage): Record<string, string> {
  const written: Record<string, string> = mediaType === undefined ? {} : { [CONTENT_TYPE]: mediaType };
  const encodings: Record<string, AttributeEncoding> = {};
  for (const [name, attribute] of Object.entries(given)) {
    checkName(name);
    const writtenName = name === ATTRIBUTES.contentType ? CONTENT_TYPE : name;
    const [value, encoding] = encodeAttribute(attribute);
    written[writtenName] = value;
    if (encoding) encodings[writtenName] = encoding;
  }
  for (const [name, value] of Object.entries(cloudEvent ?? {})) {
    if (value !== undefined) written[eventAttributeName(name)] = value.toWellFormed();
  }
  const contentType = written[CONTENT_TYPE];
  if (contentType !== undefined && (cloudEvent || STRUCTURED_TYPE.test(contentType))) {
    written[SDK_CONTENT_TYPE] = contentType;
  }
  if (Object.keys(encodings).length > 0) written[ENCODINGS] = JSON.stringify(encodings);
  return written;
}

function eventAttributeName(name: string): string {
  return name === 'datacontenttype' ? CONTENT_TYPE : `ce-${name}`;
}

function checkName(name: string): void {
  if (SERVICE_PREFIX.test(name)) throw new RangeError(`the attribute ${name} has a name reserved by Pub/Sub`);
  if (CLOUDEVENT_PREFIX.test(name))
    throw new RangeError(`the attribute ${name} has a meaning to CloudEvents`);
  if (name === '') throw new RangeError('an attribute has no name');
  if (name === ENCODINGS) throw new RangeError(`an attribute can't be named ${name}: Coatcheck uses it`);
}

function checkBytes(what: string, text: string, most: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > most) throw new RangeError(`${what} is ${bytes} bytes; Pub/Sub's limit is ${most}`);
}

function attributesOf(
  all: ReadonlyMap<string, string>,
  isEvent: boolean,
): Pick<QueueMessage, 'attributes' | 'typedAttributes'> {
  const attributes: [name: string, value: string][] = [];
  const typedAttributes: [name: string, attribute: MessageAttribute][] = [];
  const encodings = parseEncodings(all.get(ENCODINGS));
  for (const [writtenName, text] of all) {
    const isContentType = CONTENT_TYPE_SPELLING.test(writtenName);
    if (CLOUDEVENT_PREFIX.test(writtenName) || writtenName === ENCODINGS) continue;
    if (isContentType && isEvent) continue;
    const name = isContentType ? ATTRIBUTES.contentType : writtenName;
    const attribute = decodeAttribute(text, encodings[writtenName]);
    if (typeof attribute.value === 'string') attributes.push([name, attribute.value]);
    if (attribute.type !== 'String') typedAttributes.push([name, attribute]);
  }
  return {
    attributes: Object.fromEntries(attributes),
    ...(typedAttributes.length > 0 && { typedAttributes: Object.fromEntries(typedAttributes) }),
  };
}

/** The attributes of a CloudEvent in binary mode. Unlike headers of HTTP and NATS, their values are written as they are. */
function cloudEventOf(all: ReadonlyMap<string, string>): CloudEventAttributes | undefined {
  const event = new Map(
    [...all].flatMap(([name, value]) =>
      CLOUDEVENT_PREFIX.test(name) ? [[name.slice(3).toLowerCase(), value] as const] : [],
    ),
  );
  const contentType = [...all].find(([name]) => CONTENT_TYPE_SPELLING.test(name))?.[1];
  if (!event.has('specversion') || (contentType !== undefined && STRUCTURED_TYPE.test(contentType))) {
    return undefined;
  }
  return {
    ...Object.fromEntries(event),
    ...(contentType !== undefined && { datacontenttype: contentType }),
  };
}
