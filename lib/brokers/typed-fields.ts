import { isObject } from '../core/base/json-object.ts';
import type { MessageAttribute, QueueMessage } from '../core/model/received-message.ts';
import { utf8Text } from '../core/wire/message-text.ts';

/** The name of the field with the types of attributes, for brokers whose fields are bytes without a type. */
export const TYPES_FIELD = 'coatcheck-types';

/** JSON with the types of attributes that aren't `String`: `{"Size":"Number"}`. Undefined if there are none. */
export function encodeTypes(attributes: Readonly<Record<string, MessageAttribute>>): string | undefined {
  const types = Object.entries(attributes).flatMap(([name, { type }]) =>
    type === 'String' ? [] : [[name, type] as const],
  );
  return types.length > 0 ? JSON.stringify(Object.fromEntries(types)) : undefined;
}

/** Fields as attributes: text if it is UTF-8 and its type doesn't say otherwise, else bytes. */
export function decodeFields(
  fields: Iterable<readonly [name: string, value: Uint8Array]>,
  encodedTypes: Uint8Array | undefined,
): Pick<QueueMessage, 'attributes' | 'typedAttributes'> {
  const types = typesIn(encodedTypes);
  const attributes: [name: string, value: string][] = [];
  const typedAttributes: [name: string, attribute: MessageAttribute][] = [];
  for (const [name, value] of fields) {
    const type = types.get(name) ?? 'String';
    const text = type.startsWith('Binary') ? undefined : utf8Text(value);
    if (text !== undefined) attributes.push([name, text]);
    if (text === undefined) {
      const binary = type.startsWith('Binary') ? type : 'Binary';
      typedAttributes.push([name, { type: binary, value: new Uint8Array(value) }]);
    } else if (type !== 'String') typedAttributes.push([name, { type, value: text }]);
  }
  return {
    attributes: Object.fromEntries(attributes),
    ...(typedAttributes.length > 0 && { typedAttributes: Object.fromEntries(typedAttributes) }),
  };
}

/** What other senders write there is ignored. */
function typesIn(json: Uint8Array | undefined): ReadonlyMap<string, string> {
  if (json === undefined) return new Map();
  try {
    const value: unknown = JSON.parse(Buffer.from(json).toString());
    const entries = isObject(value) ? Object.entries(value) : [];
    return new Map(
      entries.flatMap(([name, type]) => (typeof type === 'string' ? [[name, type] as const] : [])),
    );
  } catch {
    return new Map();
  }
}
