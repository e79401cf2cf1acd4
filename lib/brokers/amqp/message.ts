import { createHash } from 'node:crypto';
import type { ConsumeMessage, Options } from 'amqplib';
import type {
  CloudEventAttributes,
  MessageAttribute,
  QueueMessage,
} from '../../core/model/received-message.ts';
import { isRequestId } from '../../core/model/request-id.ts';
import type { OutputMessage } from '../../core/ports/message-sink.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';
import { utf8Text } from '../../core/wire/message-text.ts';
import { contentOf } from './amqp-value.ts';

/** A message as it is published. */
export interface AmqpMessage {
  readonly content: Buffer;
  readonly options: Options.Publish;
}

/** How often the messages that this copy replaces were delivered. */
const DELIVERIES_HEADER = 'x-coatcheck-deliveries';

/** The message group. */
const GROUP_HEADER = 'x-coatcheck-group';

/**
 * The prefix of a CloudEvent's attributes in binary mode. We write `cloudEvents_`, as the binding recommends.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/amqp-protocol-binding.md#31-binary-content-mode
 */
const CLOUDEVENT_PREFIX = /^cloudEvents[_:]/;
const CLOUDEVENT_SPECVERSION = ['cloudEvents_specversion', 'cloudEvents:specversion'] as const;

/** The content type of an event in structured mode, whatever headers it has. */
const STRUCTURED_TYPE = 'application/cloudevents';

/** Counts of deliveries by the server; which one counts what differs by version. */
const COUNT_HEADERS = ['x-acquired-count', 'x-delivery-count'] as const;

/**
 * Headers that the server sets or obeys. They are no attributes, and a copy doesn't carry them: CC and BCC would route it
 * to more queues, and RabbitMQ 3.x believes an x-death that a client sends.
 */
const SERVER_HEADERS: readonly string[] = [
  ...COUNT_HEADERS,
  'x-death',
  'x-first-death-exchange',
  'x-first-death-queue',
  'x-first-death-reason',
  'x-last-death-exchange',
  'x-last-death-queue',
  'x-last-death-reason',
  'CC',
  'BCC',
];

/** Begins headers with the sections of an AMQP 1.0 message that RabbitMQ 3.10 doesn't convert: bytes, which it declares as text. */
const UNCONVERTED_PREFIX = 'x-amqp-1.0-';

/** Times from here on, in the year 5138, are in milliseconds: RabbitMQ 3.10 doesn't convert those of AMQP 1.0. */
const FIRST_MILLISECONDS = 100_000_000_000;

/** The longest text in a property, in bytes: AMQP's short string. */
const MAX_SHORT_STRING_BYTES = 255;

/** A received message as the engine sees it. */
export function decodeMessage({
  content,
  properties,
}: Pick<ConsumeMessage, 'content' | 'properties'>): QueueMessage {
  const headers = properties.headers ?? {};
  const sent = contentOf(content, properties.type);
  const body = utf8Text(sent);
  const group: unknown = headers[GROUP_HEADER];
  const cloudEvent = cloudEventOf(properties);
  return {
    id: messageIdOf(content, properties),
    body: body ?? '',
    ...(body === undefined && { bytes: new Uint8Array(sent) }),
    ...attributesOf(properties, cloudEvent !== undefined),
    ...(cloudEvent && { cloudEvent }),
    ...(typeof group === 'string' && { group }),
    deliveryCount: deliveryCountOf(headers),
    sentAt: sentAtOf(properties),
  };
}

/**
 * A copy of a received message, to be delivered later in its place: the same id, and a count that goes on. It leaves out
 * what would refuse it (a user id that isn't ours) or lose it (a time to live).
 */
export function copyMessage({ content, properties }: ConsumeMessage, message: QueueMessage): AmqpMessage {
  const { contentType, contentEncoding, priority, correlationId, replyTo, type, appId } = properties;
  const headers = { ...ownHeaders(properties.headers ?? {}), [DELIVERIES_HEADER]: message.deliveryCount };
  const timestamp = Math.floor(message.sentAt / 1_000);
  return {
    content,
    options: {
      ...{ contentType, contentEncoding, priority, correlationId, replyTo, type, appId },
      timestamp,
      messageId: message.id,
      headers,
    },
  };
}

/** @throws RangeError if it has an attribute that can't be a header or a property */
export function encodeMessage(message: OutputMessage): AmqpMessage {
  const { body, bytes, attributes, cloudEvent, group, mediaType } = message;
  const headers: Record<string, unknown> = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    if (SERVER_HEADERS.includes(name)) throw new RangeError(`the header ${name} has a meaning to RabbitMQ`);
    headers[name] = headerOf(attribute);
  }
  if (group !== undefined) headers[GROUP_HEADER] = group;
  const { datacontenttype, ...event } = cloudEvent ?? {};
  for (const [name, value] of Object.entries(event)) headers[`cloudEvents_${name}`] = value;
  const contentType = cloudEvent ? datacontenttype : (headers[ATTRIBUTES.contentType] ?? mediaType);
  const isProperty =
    typeof contentType === 'string' && Buffer.byteLength(contentType) <= MAX_SHORT_STRING_BYTES;
  if (isProperty) delete headers[ATTRIBUTES.contentType];
  else if (datacontenttype !== undefined)
    throw new RangeError('the datacontenttype is longer than a content type in AMQP');
  return {
    content: bytes ? Buffer.from(bytes) : Buffer.from(body),
    options: { headers, timestamp: Math.floor(Date.now() / 1_000), ...(isProperty && { contentType }) },
  };
}

/** The bytes of a body and of names and values of attributes. */
export function messageSize({ body, bytes, attributes, cloudEvent = {} }: OutputMessage): number {
  let size = bytes?.byteLength ?? Buffer.byteLength(body);
  for (const [name, value = ''] of Object.entries(cloudEvent)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  for (const [name, { value }] of Object.entries(attributes)) {
    size +=
      Buffer.byteLength(name) + (typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength);
  }
  return size;
}

type Properties = ConsumeMessage['properties'];
type Headers = Readonly<Record<string, unknown>>;

/**
 * Its message id. A message without one, or with one that no request can have, needs the same id on every delivery, so that it
 * is the same request: a digest of all that its sender set. Two equal messages without id are one request.
 */
function messageIdOf(content: Buffer, properties: Properties): string {
  const { messageId, contentType, contentEncoding, correlationId, replyTo, timestamp, type, appId, userId } =
    properties;
  if (isRequestId(messageId)) return messageId;
  const headers = ownHeaders(properties.headers ?? {});
  const fields = {
    messageId,
    contentType,
    contentEncoding,
    correlationId,
    replyTo,
    timestamp,
    type,
    appId,
    userId,
    headers,
  };
  return createHash('sha256').update(sortedJson(fields)).update('\n').update(content).digest('base64url');
}

/** JSON with sorted names: RabbitMQ 3.10 sorts the headers of a message that it delivers again. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function ownHeaders(headers: Headers): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SERVER_HEADERS.includes(name)));
}

/** The number of this delivery, from 1: of this copy, and of those before it. */
function deliveryCountOf(headers: Headers): number {
  const counts = COUNT_HEADERS.map((name) => countIn(headers, name));
  return countIn(headers, DELIVERIES_HEADER) + Math.max(...counts) + 1;
}

function countIn(headers: Headers, name: string): number {
  const count = headers[name];
  return typeof count === 'number' && count > 0 ? count : 0;
}

/** The property has whole seconds; a plugin of RabbitMQ adds milliseconds. Without either, now. */
function sentAtOf({ timestamp, headers = {} }: Properties): number {
  const milliseconds: unknown = headers.timestamp_in_ms;
  if (typeof milliseconds === 'number') return milliseconds;
  const time: unknown = timestamp;
  if (typeof time !== 'number') return Date.now();
  return time < FIRST_MILLISECONDS ? time * 1_000 : time;
}

function attributesOf(
  { contentType, headers = {} }: Properties,
  isCloudEvent: boolean,
): Pick<QueueMessage, 'attributes' | 'typedAttributes'> {
  const attributes: Record<string, string> = {};
  const typedAttributes: Record<string, MessageAttribute> = {};
  const type: unknown = contentType;
  if (typeof type === 'string' && !isCloudEvent) attributes[ATTRIBUTES.contentType] = type;
  for (const [name, value] of Object.entries<unknown>(ownHeaders(headers))) {
    if (name === DELIVERIES_HEADER || name === GROUP_HEADER || name.startsWith(UNCONVERTED_PREFIX)) continue;
    if (isCloudEvent && CLOUDEVENT_PREFIX.test(name)) continue;
    const attribute = attributeOf(value);
    if (attribute === undefined) continue;
    if (typeof attribute.value === 'string') attributes[name] = attribute.value;
    if (attribute.type !== 'String') typedAttributes[name] = attribute;
  }
  return { attributes, ...(Object.keys(typedAttributes).length > 0 && { typedAttributes }) };
}

/** The attributes of a CloudEvent in binary mode. Those of AMQP's types become text as the specification writes them. */
function cloudEventOf({ contentType, headers = {} }: Properties): CloudEventAttributes | undefined {
  const type: unknown = contentType;
  if (CLOUDEVENT_SPECVERSION.every((name) => headers[name] === undefined)) return undefined;
  if (typeof type === 'string' && type.toLowerCase().startsWith(STRUCTURED_TYPE)) return undefined;
  const event: Record<string, string | undefined> = {};
  for (const [name, header] of Object.entries<unknown>(headers)) {
    const attribute = CLOUDEVENT_PREFIX.test(name) ? attributeOf(header) : undefined;
    if (!attribute) continue;
    const { value } = attribute;
    event[name.replace(CLOUDEVENT_PREFIX, '')] =
      typeof value === 'string' ? value : Buffer.from(value).toString('base64');
  }
  return { ...event, ...(typeof type === 'string' && { datacontenttype: type }) };
}

/** A header as an attribute: times in ISO 8601, tables and arrays as JSON. Undefined for one without a value. */
function attributeOf(value: unknown): MessageAttribute | undefined {
  if (typeof value === 'string') return { type: 'String', value };
  if (typeof value === 'number') return { type: 'Number', value: String(value) };
  if (typeof value === 'boolean') return { type: BOOLEAN, value: String(value) };
  if (value instanceof Uint8Array) return { type: 'Binary', value: new Uint8Array(value) };
  if (value === null || value === undefined) return undefined;
  return { type: 'String', value: timestampOf(value) ?? JSON.stringify(value) };
}

/** A time as amqplib decodes it, in ISO 8601. */
function timestampOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('!' in value) || value['!'] !== 'timestamp')
    return undefined;
  const seconds = 'value' in value && typeof value.value === 'number' ? value.value : Number.NaN;
  const time = new Date(seconds * 1_000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

const BOOLEAN = 'String.boolean';

/**
 * An attribute as a header. A number is one in AMQP only if it comes back as the same text: amqplib writes others wrongly
 * or ends the connection.
 */
function headerOf({ type, value }: MessageAttribute): string | number | boolean | Buffer {
  if (typeof value !== 'string') return Buffer.from(value);
  if (type === BOOLEAN) return value === 'true';
  const number = type.startsWith('Number') ? Number(value) : Number.NaN;
  return Number.isFinite(number) && String(number) === value && isExact(number) ? number : value;
}

function isExact(number: number): boolean {
  return Number.isSafeInteger(number) || !Number.isInteger(number);
}
