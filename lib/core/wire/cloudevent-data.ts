import { isJsonType, isTextType } from '../base/media-type.ts';
import { utf8Text } from './message-text.ts';

/** The member of a CloudEvent that holds or names its data, and the member's value in JSON. */
export type DataMember = readonly [name: 'data' | 'data_base64' | 'dataref', json: string];

/**
 * JSON as JSON, text as text, and anything else as base64: whatever isn't what it is called, and JSON of another type
 * than `application/json`, which the SDK for Go expects to be text, and the one for Java in part.
 * @param goesAsJson whether a text of a JSON type may be put into the event as it is
 */
export function inlineMember(
  { bytes, contentType }: { readonly bytes: Uint8Array; readonly contentType: string },
  goesAsJson: (text: string) => boolean,
): DataMember {
  const isText = isTextType(contentType) && !isJsonType(contentType);
  const text = isText || isPlainJsonType(contentType) ? utf8Text(bytes) : undefined;
  if (text !== undefined && isText) return ['data', JSON.stringify(text)];
  if (text !== undefined && goesAsJson(text)) return ['data', text];
  return ['data_base64', JSON.stringify(Buffer.from(bytes).toString('base64'))];
}

/** `application/json` as every SDK knows it: the one for Java compares cases, and allows no space before parameters. */
function isPlainJsonType(contentType: string): boolean {
  return /^application\/json(?:;|$)/.test(contentType);
}
