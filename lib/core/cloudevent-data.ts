import { isJsonType, isTextType } from './media-type.ts';
import { utf8Text } from './output/text.ts';

/** The member of a CloudEvent that holds or names its data, and the member's value in JSON. */
export type DataMember = readonly [name: 'data' | 'data_base64' | 'dataref', json: string];

/**
 * JSON as JSON, text as text, and whatever isn't what it is called as base64.
 * @param goesAsJson whether a text of a JSON type may be put into the event as it is
 */
export function inlineMember(
  { bytes, contentType }: { readonly bytes: Uint8Array; readonly contentType: string },
  goesAsJson: (text: string) => boolean,
): DataMember {
  const json = isJsonType(contentType);
  const text = json || isTextType(contentType) ? utf8Text(bytes) : undefined;
  if (text !== undefined && json && goesAsJson(text)) return ['data', text];
  if (text !== undefined && !json) return ['data', JSON.stringify(text)];
  return ['data_base64', JSON.stringify(Buffer.from(bytes).toString('base64'))];
}
