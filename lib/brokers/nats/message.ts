import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type {
  CloudEventAttributes,
  MessageAttribute,
  QueueMessage,
} from '../../core/model/received-message.ts';
import type { OutputMessage } from '../../core/ports/message-sink.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';
import { decodeCloudEventHeader, encodeCloudEventHeader } from '../../core/wire/cloudevent-header.ts';
import type { MessageContent } from '../../core/wire/forwarded-message.ts';
import { utf8Text } from '../../core/wire/message-text.ts';
import {
  type AttributeEncoding,
  decodeAttribute,
  encodeAttribute,
  parseEncodings,
} from '../attribute-encoding.ts';
import { topicToken } from '../topic-token.ts';
import type { Addressed } from './url.ts';

/** What of a message both JetStream's messages and core NATS's have. */
export interface NatsContent {
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs;
}

/** A message as it is published. */
export interface EncodedMessage extends Addressed {
  readonly data: Uint8Array;
  readonly headers: MsgHdrs;
}

/** The prefix of headers that mean something to the server. */
const SERVER_PREFIX = /^nats-/i;

/** The prefix of a CloudEvent's attributes. */
const CLOUDEVENT_PREFIX = /^ce-/i;

/** The message group. */
const GROUP_HEADER = 'Coatcheck-Group';

/**
 * JSON with the type and encoding of each attribute that isn't a text written as it is: `{"Size":{"type":"Number"}}`.
 */
const ENCODINGS_HEADER = 'Coatcheck-Encodings';

const CONTENT_TYPE_HEADER = 'Content-Type';

/** Names of headers: printable ASCII without blanks and colons. */
const HEADER_NAME = /^[\x21-\x39\x3b-\x7e]+$/;

/** What of a received message its content says. */
export function decodeContent({ data, headers: given }: NatsContent): MessageContent {
  const body = utf8Text(data);
  const all = new Map([...(given ?? [])].map(([name, values]) => [name, values.join(', ')]));
  const cloudEvent = cloudEventOf(all);
  const group = all.get(GROUP_HEADER);
  return {
    body: body ?? '',
    // The data is part of a buffer that the client uses again.
    ...(body === undefined && { bytes: new Uint8Array(data) }),
    ...attributesOf(all),
    ...(cloudEvent && { cloudEvent }),
    ...(group !== undefined && { group }),
  };
}

/** @throws RangeError if it has an attribute that can't be a header */
export function encodeMessage(message: OutputMessage): EncodedMessage {
  const { body, bytes, attributes, cloudEvent, group, mediaType } = message;
  const written = headers();
  if (mediaType !== undefined) written.set(CONTENT_TYPE_HEADER, mediaType);
  const encodings: Record<string, AttributeEncoding> = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    checkName(name);
    const header = name === ATTRIBUTES.contentType ? CONTENT_TYPE_HEADER : name;
    const [value, encoding] = encodeAttribute(attribute, isHeaderValue);
    written.set(header, value);
    if (encoding) encodings[header] = encoding;
  }
  for (const [name, value] of Object.entries(cloudEvent ?? {})) {
    if (value !== undefined) written.set(`ce-${name}`, encodeCloudEventHeader(value));
  }
  if (Object.keys(encodings).length > 0) written.set(ENCODINGS_HEADER, JSON.stringify(encodings));
  if (group !== undefined) written.set(GROUP_HEADER, group);
  const requestId = cloudEvent?.subject ?? attributes[ATTRIBUTES.requestId]?.value;
  return {
    ...(typeof requestId === 'string' && { requestId }),
    topic: topicToken(message),
    data: bytes ?? Buffer.from(body),
    headers: written,
  };
}

/** The bytes that the server counts: of the body, and of the headers as they are sent. */
export function encodedSize({ data, headers: written }: EncodedMessage): number {
  let size = data.byteLength + 'NATS/1.0\r\n\r\n'.length;
  for (const [name, values] of written) {
    for (const value of values) size += name.length + Buffer.byteLength(value) + ': \r\n'.length;
  }
  return size;
}

function checkName(name: string): void {
  if (SERVER_PREFIX.test(name)) throw new RangeError(`the header ${name} has a meaning to NATS`);
  if (CLOUDEVENT_PREFIX.test(name)) throw new RangeError(`the header ${name} has a meaning to CloudEvents`);
  if (!HEADER_NAME.test(name)) {
    throw new RangeError(
      `${JSON.stringify(name)} can't be a header: it isn't printable ASCII without blanks`,
    );
  }
}

/** A header ends at the end of its line, and loses blanks around its value. */
function isHeaderValue(text: string): boolean {
  return !/[\r\n]/.test(text) && text === text.trim();
}

function attributesOf(
  all: ReadonlyMap<string, string>,
): Pick<QueueMessage, 'attributes' | 'typedAttributes'> {
  const attributes: Record<string, string> = {};
  const typedAttributes: Record<string, MessageAttribute> = {};
  const encodings = parseEncodings(all.get(ENCODINGS_HEADER));
  for (const [header, text] of all) {
    if (SERVER_PREFIX.test(header) || CLOUDEVENT_PREFIX.test(header)) continue;
    if (header === GROUP_HEADER || header === ENCODINGS_HEADER) continue;
    const name = header.toLowerCase() === 'content-type' ? ATTRIBUTES.contentType : header;
    const attribute = decodeAttribute(text, encodings[header]);
    if (typeof attribute.value === 'string') attributes[name] = attribute.value;
    if (attribute.type !== 'String') typedAttributes[name] = attribute;
  }
  return { attributes, ...(Object.keys(typedAttributes).length > 0 && { typedAttributes }) };
}

/**
 * The attributes of a CloudEvent in binary mode. Its content type is an attribute; senders that write HTTP's header
 * instead are understood.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md
 */
function cloudEventOf(all: ReadonlyMap<string, string>): CloudEventAttributes | undefined {
  const lower = new Map([...all].map(([name, value]) => [name.toLowerCase(), value]));
  const contentType = lower.get('content-type');
  if (!lower.has('ce-specversion') || contentType?.toLowerCase().startsWith('application/cloudevents')) {
    return undefined;
  }
  const attributes = [...lower].filter(([name]) => CLOUDEVENT_PREFIX.test(name));
  return {
    ...(contentType !== undefined && { datacontenttype: contentType }),
    ...Object.fromEntries(attributes.map(([name, value]) => [name.slice(3), decodeCloudEventHeader(value)])),
  };
}
