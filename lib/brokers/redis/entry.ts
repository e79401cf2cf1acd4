import type { QueueMessage } from '../../core/model/received-message.ts';
import type { OutputMessage } from '../../core/ports/message-sink.ts';
import { utf8Text } from '../../core/wire/message-text.ts';
import { decodeFields, encodeTypes, TYPES_FIELD } from '../typed-fields.ts';
import { BODY_FIELD } from './url.ts';

/** An entry of a stream as it was delivered. */
export interface StreamEntry {
  readonly id: string;
  /** Names and values in turn. A name may occur more than once. */
  readonly fields: readonly Buffer[];
  /** The number of this delivery, from 1. */
  readonly deliveryCount: number;
}

/** The message group. */
const GROUP_FIELD = 'coatcheck-group';

const OWN_FIELDS: readonly string[] = [BODY_FIELD, TYPES_FIELD, GROUP_FIELD];

/** Before this time no entry was sent: its id isn't a time. 2001-09-09. */
const EARLIEST_TIME = 1_000_000_000_000;

/**
 * A delivered entry as the engine sees it. One field is the body, the others are attributes. Without that field, the body
 * is a JSON object of all fields.
 */
export function decodeEntry(
  { id, fields, deliveryCount }: StreamEntry,
  { stream, bodyField }: { readonly stream: string; readonly bodyField: string },
): QueueMessage {
  const all = fieldsOf(fields);
  const bytes = all.get(bodyField)?.at(-1);
  const body = bytes ? utf8Text(bytes) : jsonOf(all);
  all.delete(bodyField);
  const types = all.get(TYPES_FIELD)?.at(-1);
  const group = all.get(GROUP_FIELD)?.at(-1)?.toString();
  const time = Number(id.split('-')[0]);
  return {
    id: `${stream}:${id}`,
    body: body ?? '',
    ...(body === undefined && bytes && { bytes: new Uint8Array(bytes) }),
    ...(bytes ? decodeFields(lastOf(all), types) : { attributes: {} }),
    ...(group !== undefined && { group }),
    deliveryCount,
    sentAt: time >= EARLIEST_TIME ? time : Date.now(),
  };
}

/** Names and values in turn. @throws RangeError if it has an attribute that can't be a field */
export function encodeFields({
  body,
  bytes,
  attributes,
  group,
}: OutputMessage): readonly (string | Buffer)[] {
  const fields: (string | Buffer)[] = [BODY_FIELD, bytes ? Buffer.from(bytes) : body];
  for (const [name, { value }] of Object.entries(attributes)) {
    if (OWN_FIELDS.includes(name))
      throw new RangeError(`an attribute can't be named ${name}: the field has a meaning`);
    fields.push(name, typeof value === 'string' ? value : Buffer.from(value));
  }
  const types = encodeTypes(attributes);
  if (types !== undefined) fields.push(TYPES_FIELD, types);
  if (group !== undefined) fields.push(GROUP_FIELD, group);
  return fields;
}

/** The bytes of names and values. */
export function sizeOfFields(fields: readonly (string | Buffer)[]): number {
  return fields.reduce((size, item) => size + Buffer.byteLength(item), 0);
}

function fieldsOf(fields: readonly Buffer[]): Map<string, Buffer[]> {
  const all = new Map<string, Buffer[]>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [name, value] = [fields[at]?.toString() ?? '', fields[at + 1] ?? Buffer.alloc(0)];
    const values = all.get(name);
    if (values) values.push(value);
    else all.set(name, [value]);
  }
  return all;
}

/** The last value of each field that is an attribute. */
function* lastOf(all: ReadonlyMap<string, readonly Buffer[]>): Iterable<[name: string, value: Buffer]> {
  for (const [name, values] of all) {
    const value = values.at(-1);
    if (value !== undefined && name !== TYPES_FIELD && name !== GROUP_FIELD) yield [name, value];
  }
}

/** Fields as JSON: a repeated one as an array, one that isn't UTF-8 as `NAME_base64`. */
function jsonOf(all: ReadonlyMap<string, readonly Buffer[]>): string {
  const members = [...all].map(([name, values]) => {
    const texts = values.map(utf8Text);
    const isText = !texts.includes(undefined);
    const items = isText ? texts : values.map((value) => value.toString('base64'));
    return [isText ? name : `${name}_base64`, items.length === 1 ? items[0] : items] as const;
  });
  return JSON.stringify(Object.fromEntries(members));
}
