import { isJsonType, isTextType } from '../base/media-type.ts';
import { utf8Text } from './message-text.ts';

/** The member of a CloudEvent that holds or names its data, and the member's value in JSON. */
export type DataMember = readonly [name: 'data' | 'data_base64' | 'dataref', json: string];

/**
 * Chooses the member: JSON stays JSON, text stays text, and anything else becomes base64. That includes bytes that don't
 * match their content type, and JSON types other than `application/json`: the SDK for Go expects those to be text, and
 * the SDK for Java does in part.
 * @param goesAsJson whether a text of a JSON type may be inserted into the event unchanged
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

/** Whether every SDK recognizes `application/json`. The SDK for Java is case-sensitive and allows no space before parameters. */
function isPlainJsonType(contentType: string): boolean {
  return /^application\/json(?:;|$)/.test(contentType);
}
