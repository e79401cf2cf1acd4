import { isObject } from '../core/base/json-object.ts';
import type { MessageAttribute } from '../core/model/received-message.ts';
import { decodeCloudEventHeader } from '../core/wire/cloudevent-header.ts';

/** How the value of an attribute is written, where attributes are texts without a type. */
export interface AttributeEncoding {
  /** @default 'String' */
  readonly type?: string;
  /** `percent` for a text that can't be written as it is, `base64` for bytes. */
  readonly encoding?: 'percent' | 'base64';
}

/**
 * Writes an attribute as text.
 * @param isWritable whether a text can be written as it is
 * @returns the encoding is undefined if it is a text written as it is
 */
export function encodeAttribute(
  { type, value }: MessageAttribute,
  isWritable: (text: string) => boolean = () => true,
): readonly [value: string, encoding: AttributeEncoding | undefined] {
  const typed = type === 'String' ? {} : { type };
  if (typeof value !== 'string') {
    return [Buffer.from(value).toString('base64'), { ...typed, encoding: 'base64' }];
  }
  const text = value.toWellFormed();
  if (!isWritable(text)) return [encodeURIComponent(text), { ...typed, encoding: 'percent' }];
  return [text, type === 'String' ? undefined : typed];
}

/** Reads what {@link encodeAttribute} wrote. */
export function decodeAttribute(
  value: string,
  { type = 'String', encoding }: AttributeEncoding = {},
): MessageAttribute {
  if (encoding === 'base64') return { type, value: new Uint8Array(Buffer.from(value, 'base64')) };
  return { type, value: encoding === 'percent' ? (decodeCloudEventHeader(value) ?? value) : value };
}

/** Reads encodings by the names of attributes: `{"Size":{"type":"Number"}}`. What other senders write there is ignored. */
export function parseEncodings(json: string | undefined): Readonly<Record<string, AttributeEncoding>> {
  if (json === undefined) return {};
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value)) return {};
    return Object.fromEntries(Object.entries(value).map(([name, encoding]) => [name, encodingIn(encoding)]));
  } catch {
    return {};
  }
}

function encodingIn(value: unknown): AttributeEncoding {
  if (!isObject(value)) return {};
  const { type, encoding } = value;
  return {
    ...(typeof type === 'string' && { type }),
    ...((encoding === 'percent' || encoding === 'base64') && { encoding }),
  };
}
