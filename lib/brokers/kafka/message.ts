import { isJson } from '../../core/base/json.ts';
import type { CloudEventAttributes, QueueMessage } from '../../core/model/received-message.ts';
import type { OutputMessage } from '../../core/ports/message-sink.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';
import { utf8Text } from '../../core/wire/message-text.ts';
import { decodeFields, encodeTypes, TYPES_FIELD } from '../typed-fields.ts';
import type { StoredRecord } from './record.ts';

/** A record as it is published. All of it is bytes: the client makes null of any other value, without an error. */
export interface EncodedRecord {
  /** @default - the topic of its publisher */
  readonly topic?: string;
  /** Records with the same key are in the same partition. Without one, partitions take turns. */
  readonly key?: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

/** The message group. */
const GROUP_HEADER = 'coatcheck-group';

/** Of a record in a retry topic: the group that retries it, when, and what the first record of the message said. */
const RETRY_HEADERS = {
  consumer: 'coatcheck-retry-consumer',
  notBefore: 'coatcheck-retry-not-before',
  id: 'coatcheck-retry-id',
  sentAt: 'coatcheck-retry-sent-at',
} as const;

const OWN_HEADERS: readonly string[] = [TYPES_FIELD, GROUP_HEADER, ...Object.values(RETRY_HEADERS)];

/** The prefix of a CloudEvent's attributes in binary mode. */
const CLOUDEVENT_PREFIX = 'ce_';

const CONTENT_TYPE_HEADER = 'content-type';

/** The content type of an event in structured mode, whatever headers it has. */
const STRUCTURED_TYPE = 'application/cloudevents';

/** What a batch, a record and a header add to their contents in bytes, at most. */
const BATCH_BYTES = 61;
const RECORD_BYTES = 36;
const HEADER_BYTES = 10;

/** When a record in a retry topic is due, and for which consumer group. */
export interface RetryInfo {
  readonly consumer: string;
  /** In milliseconds since 1970. */
  readonly notBefore: number;
}

/** A record as the engine sees it. A tombstone is a message with an empty body. */
export function decodeRecord(record: StoredRecord, { isRetry }: { readonly isRetry: boolean }): QueueMessage {
  const headers = lastHeaders(record);
  const value = record.value && withoutSchemaFrame(record.value);
  const body = value ? utf8Text(value) : '';
  const cloudEvent = cloudEventOf(headers);
  const group = headers.get(GROUP_HEADER)?.toString();
  const { topic, partition, offset, timestamp } = record;
  const retry = (header: string) => (isRetry ? headers.get(header)?.toString() : undefined);
  return {
    // With its time: a topic that is created again counts from 0 again.
    id: retry(RETRY_HEADERS.id) ?? `${topic}:${partition}:${offset}:${timestamp}`,
    body: body ?? '',
    ...(body === undefined && value && { bytes: new Uint8Array(value) }),
    ...decodeFields(attributesIn(headers, cloudEvent !== undefined), headers.get(TYPES_FIELD)),
    ...(cloudEvent && { cloudEvent }),
    ...(group !== undefined && { group }),
    sentAt: Number(retry(RETRY_HEADERS.sentAt) ?? (isTime(timestamp) ? timestamp : Date.now())),
  };
}

/** Serializers of a schema registry put a zero byte and the id of the schema, in four bytes, before a value. */
const SCHEMA_FRAME_BYTES = 5;

/**
 * JSON without that frame, which no JSON begins with. Avro and Protobuf keep it: to read them, a handler needs the schema.
 * @see https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
function withoutSchemaFrame(value: Buffer): Buffer {
  if (value[0] !== 0) return value;
  const framed = value.subarray(SCHEMA_FRAME_BYTES);
  const text = utf8Text(framed);
  return text !== undefined && /^[{[]/.test(text) && isJson(text) ? framed : value;
}

/** The key of a record as text. */
export function keyTextOf({ key }: Pick<StoredRecord, 'key'>): string | undefined {
  return key ? (utf8Text(key) ?? key.toString('base64')) : undefined;
}

/** Whether the sender wrote a time. Some write none (-1), or nanoseconds, which no Date can hold. */
function isTime(timestamp: number): boolean {
  return timestamp >= 0 && !Number.isNaN(new Date(timestamp).getTime());
}

/** @throws RangeError if it has an attribute that can't be a header */
export function encodeMessage(message: OutputMessage): EncodedRecord {
  const { body, bytes, attributes, cloudEvent, group, mediaType } = message;
  const { datacontenttype, ...event } = cloudEvent ?? {};
  const headers = new Map<Buffer, Buffer>();
  const set = (name: string, value: string | Uint8Array) =>
    headers.set(Buffer.from(name), Buffer.from(value));
  for (const [name, { value }] of Object.entries(attributes)) {
    checkName(name);
    if (name !== ATTRIBUTES.contentType) set(name, value);
  }
  const types = encodeTypes(attributes);
  if (types !== undefined) set(TYPES_FIELD, types);
  if (group !== undefined) set(GROUP_HEADER, group);
  const contentType = cloudEvent ? datacontenttype : (attributes[ATTRIBUTES.contentType]?.value ?? mediaType);
  if (contentType !== undefined) set(CONTENT_TYPE_HEADER, contentType);
  for (const [name, value] of Object.entries(event)) {
    if (value !== undefined) set(`${CLOUDEVENT_PREFIX}${name}`, value);
  }
  const key = group ?? attributes[ATTRIBUTES.requestId]?.value ?? cloudEvent?.subject;
  return {
    ...(key !== undefined && { key: Buffer.from(key) }),
    value: Buffer.from(bytes ?? body),
    headers,
  };
}

/** The bytes of a record in a batch of its own, at most: the server's limit is for batches. */
export function encodedSize({ key, value, headers }: EncodedRecord): number {
  let size = BATCH_BYTES + RECORD_BYTES + (key?.byteLength ?? 0) + value.byteLength;
  for (const [name, text] of headers) size += HEADER_BYTES + name.byteLength + text.byteLength;
  return size;
}

/** A copy of a record for the retry topic, with all that its sender wrote. */
export function retryCopy(
  record: StoredRecord,
  { id, sentAt }: QueueMessage,
  { consumer, notBefore }: RetryInfo,
): EncodedRecord {
  const retry = {
    [RETRY_HEADERS.consumer]: consumer,
    [RETRY_HEADERS.notBefore]: String(notBefore),
    [RETRY_HEADERS.id]: id,
    [RETRY_HEADERS.sentAt]: String(sentAt),
  };
  const headers = new Map<Buffer, Buffer>();
  for (const [name, value] of record.headers) {
    if (name && value && !Object.hasOwn(retry, name.toString())) headers.set(name, value);
  }
  for (const [name, value] of Object.entries(retry)) headers.set(Buffer.from(name), Buffer.from(value));
  return {
    ...(record.key && { key: record.key }),
    value: record.value ?? Buffer.alloc(0),
    headers,
  };
}

/** What a record of a retry topic says of its retry. One that another program sent is due at once, for every group. */
export function retryInfoOf(record: StoredRecord): Partial<RetryInfo> {
  const headers = lastHeaders(record);
  const consumer = headers.get(RETRY_HEADERS.consumer)?.toString();
  return {
    ...(consumer !== undefined && { consumer }),
    notBefore: Number(headers.get(RETRY_HEADERS.notBefore)?.toString()) || 0,
  };
}

function checkName(name: string): void {
  if (OWN_HEADERS.includes(name) || name === CONTENT_TYPE_HEADER || name.startsWith(CLOUDEVENT_PREFIX)) {
    throw new RangeError(`an attribute can't be named ${name}: the header has a meaning`);
  }
}

/** Of a repeated header, the last one. */
function lastHeaders({ headers }: StoredRecord): Map<string, Buffer> {
  return new Map(
    headers.flatMap(([name, value]) => (name && value ? [[name.toString(), value] as const] : [])),
  );
}

function* attributesIn(
  headers: ReadonlyMap<string, Buffer>,
  isCloudEvent: boolean,
): Iterable<[name: string, value: Buffer]> {
  for (const [name, value] of headers) {
    if (OWN_HEADERS.includes(name)) continue;
    if (isContentType(name)) {
      if (!isCloudEvent) yield [ATTRIBUTES.contentType, value];
    } else if (!isCloudEvent || !name.startsWith(CLOUDEVENT_PREFIX)) yield [name, value];
  }
}

/**
 * The attributes of a CloudEvent in binary mode.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md
 */
function cloudEventOf(headers: ReadonlyMap<string, Buffer>): CloudEventAttributes | undefined {
  if (!headers.has(`${CLOUDEVENT_PREFIX}specversion`)) return undefined;
  const contentType = [...headers].find(([name]) => isContentType(name))?.[1].toString();
  if (contentType?.toLowerCase().startsWith(STRUCTURED_TYPE)) return undefined;
  const attributes = [...headers].filter(([name]) => name.startsWith(CLOUDEVENT_PREFIX));
  return {
    ...Object.fromEntries(
      attributes.map(([name, value]) => [name.slice(CLOUDEVENT_PREFIX.length), utf8Text(value)]),
    ),
    ...(contentType !== undefined && { datacontenttype: contentType }),
  };
}

/** Other senders write it as HTTP does. */
function isContentType(name: string): boolean {
  return name.toLowerCase() === CONTENT_TYPE_HEADER;
}
