import { EnvelopeMalformed } from '../base/errors.ts';
import { memberTexts } from '../base/json.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import { JSON_TYPE } from '../base/media-type.ts';
import { quote } from '../base/quote.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { HttpCall } from '../model/http-call.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { attributesOf } from './attributes.ts';
import { readOptionalText } from './fields.ts';

const ENVELOPE = 'TrueFoundry message';

/** What a message says besides its body, in the order that the library writes it. */
const FIELDS = [
  'request_id',
  'published_at_epoch_ns',
  'stream_response',
  'request_headers',
  'request_url_path',
  'request_method',
] as const;

type Field = (typeof FIELDS)[number];

/** Begins the names of the fields in messages of the second generation. */
const PREFIX = 'tfy_';

const NAMES = new Set<string>(FIELDS.map((field) => PREFIX + field));

/** The members of a message of the first generation. */
const V1_NAMES = new Set<string>([...FIELDS, 'body']);

const REQUEST_ID = /^[a-zA-Z0-9-]{1,36}$/;

/** The texts and numbers that the library reads as a boolean. */
const TRUE = new Set<unknown>([true, 1, '1', 'on', 't', 'true', 'y', 'yes']);
const FALSE = new Set<unknown>([false, 0, '0', 'off', 'f', 'false', 'n', 'no', null, undefined]);

/** The furthest time from 1970 that a date can have, in milliseconds. */
const MAX_DATE = 8.64e15;

/**
 * Whether a message is one of TrueFoundry's async service: of the second generation, with at least one member whose name
 * starts with `tfy_`, or of the first one, with `request_id` and `body` and no members of other meaning.
 */
export function isTrueFoundryMessage(value: unknown): value is JsonObject {
  return isObject(value) && (hasFields(Object.keys(value)) || isFirstGeneration(Object.keys(value)));
}

/** Whether a large message is one, judged by the members at its beginning. */
export function beginsTrueFoundryMessage(members: readonly string[]): boolean {
  const isFirst = members.includes('request_id') && members.every((name) => V1_NAMES.has(name));
  return hasFields(members) || isFirst;
}

/** Whether a member of a message isn't part of its body. */
export function isField(name: string): boolean {
  return NAMES.has(name);
}

function hasFields(members: readonly string[]): boolean {
  return members.some(isField);
}

function isFirstGeneration(members: readonly string[]): boolean {
  return (
    members.includes('request_id') && members.includes('body') && members.every((name) => V1_NAMES.has(name))
  );
}

/**
 * Reads a message of TrueFoundry's async service, as its library `async-processor` 1.0.0 does. Its values may be numbers
 * where texts are meant, and the other way round.
 * @throws EnvelopeMalformed
 */
export function decodeTrueFoundryMessage(message: JsonObject, delivery: QueueMessage): DecodedRequest {
  const texts = memberTexts(delivery.body);
  const isFirst = !hasFields(Object.keys(message));
  const nameOf = (field: Field) => (isFirst ? field : PREFIX + field);
  const id = readRequestId(message, nameOf('request_id'));
  const published = readPublished(message, texts, nameOf('published_at_epoch_ns'));
  const streamed = readBoolean(message, nameOf('stream_response'));
  const headers = readHeaders(message, nameOf('request_headers'));
  const path = readOptionalText(ENVELOPE, message, nameOf('request_url_path'));
  const method = readOptionalText(ENVELOPE, message, nameOf('request_method'));
  const described = attributesOf(delivery);
  const http = {
    ...(method && { method }),
    ...(path && { path }),
    ...(headers && { headers }),
  } satisfies HttpCall;
  return {
    ...described,
    id: id ?? described.id,
    contentType: JSON_TYPE,
    payload: isFirst
      ? { inline: texts.get('body') ?? 'null', json: { value: message.body } }
      : bodyBeside(message, texts),
    ...(published !== null && { submittedAt: Number(published) / 1_000_000 }),
    ...(streamed && { streamed }),
    ...(Object.keys(http).length > 0 && { http }),
    truefoundryFields: fieldsJson([id, published, streamed, headers, path, method]),
  };
}

/** The id that a message names, which may be invalid. */
export function trueFoundryId(message: JsonObject): unknown {
  return message[`${PREFIX}request_id`] ?? message.request_id;
}

/** Every member that isn't a field. The text stays as it was written: parsing it would round long numbers. */
function bodyBeside(message: JsonObject, texts: ReadonlyMap<string, string>): DecodedRequest['payload'] {
  const members = [...texts].filter(([name]) => !isField(name));
  const inline = `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
  const value = Object.fromEntries(Object.entries(message).filter(([name]) => !isField(name)));
  return { inline, json: { value } };
}

function readRequestId(message: JsonObject, name: string): string | null {
  const given = message[name] ?? null;
  const id = Number.isSafeInteger(given) ? String(given) : given;
  if (id === null || (typeof id === 'string' && REQUEST_ID.test(id))) return id;
  return malformed(name, 'must have 1 to 36 letters, digits and hyphens', given);
}

/** @returns whole nanoseconds since 1970, exactly */
function readPublished(message: JsonObject, texts: ReadonlyMap<string, string>, name: string): bigint | null {
  const given = message[name] ?? null;
  if (given === null) return null;
  // The text has the digits that a number loses.
  const text = typeof given === 'number' ? (texts.get(name) ?? '') : given;
  const isWhole = typeof text === 'string' && /^\s*[-+]?\d{1,25}\s*$/.test(text);
  const published = isWhole ? BigInt(text.trim().replace(/^\+/, '')) : truncated(given);
  if (published !== undefined && Math.abs(Number(published) / 1_000_000) <= MAX_DATE) return published;
  return malformed(name, 'must be a time in nanoseconds since 1970', given);
}

function truncated(given: unknown): bigint | undefined {
  return Number.isFinite(given) ? BigInt(Math.trunc(Number(given))) : undefined;
}

function readBoolean(message: JsonObject, name: string): true | undefined {
  const given = message[name];
  const value = typeof given === 'string' ? given.toLowerCase() : given;
  if (TRUE.has(value)) return true;
  return FALSE.has(value) ? undefined : malformed(name, 'must be true or false', given);
}

function readHeaders(message: JsonObject, name: string): HttpCall['headers'] | null {
  const given = message[name] ?? null;
  if (given === null) return null;
  if (!isObject(given)) return malformed(name, 'must be an object of strings and lists of strings', given);
  return Object.fromEntries(
    Object.entries(given).map(([header, value]) => {
      const all = Array.isArray(value) ? value : [value];
      if (!all.every((one) => typeof one === 'string' || typeof one === 'number')) {
        malformed(name, 'must be an object of strings and lists of strings', { [header]: value });
      }
      return [header, Array.isArray(value) ? value.map(String) : String(value)];
    }),
  );
}

function malformed(name: string, rule: string, given: unknown): never {
  throw new EnvelopeMalformed(ENVELOPE, `${name} ${rule}, got ${quote(given)}`);
}

type FieldValues = readonly [
  id: string | null,
  published: bigint | null,
  streamed: true | undefined,
  headers: HttpCall['headers'] | null,
  path: string | undefined,
  method: string | undefined,
];

function fieldsJson([id, published, streamed, headers, path, method]: FieldValues): string {
  const values = [
    JSON.stringify(id),
    String(published),
    String(streamed ?? false),
    JSON.stringify(headers ?? null),
    JSON.stringify(path ?? null),
    JSON.stringify(method ?? null),
  ];
  return FIELDS.map((field, index) => `"${PREFIX}${field}":${values[index]}`).join(',');
}

/** The fields of a message that says nothing besides its body, as {@link DecodedRequest.truefoundryFields} has them. */
export const NO_FIELDS = fieldsJson([null, null, undefined, null, undefined, undefined]);
