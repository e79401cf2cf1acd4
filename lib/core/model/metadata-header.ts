import { isObject } from '../base/json-object.ts';

/**
 * The header of an HTTP call with metadata as a JSON object of texts. Names of metadata can have dots and underscores; nginx drops
 * headers whose names have them, and Python's servers take `order_id` and `order-id` for one name.
 * @see https://nginx.org/en/docs/http/ngx_http_core_module.html#ignore_invalid_headers
 */
export const METADATA_HEADER = 'coatcheck-metadata';

/** Writes metadata as the value of the header, in ASCII: servers read other bytes as Latin-1, or refuse them. */
export function formatMetadataHeader(metadata: Readonly<Record<string, string>>): string {
  return JSON.stringify(metadata).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Reads the value of the header. @returns undefined unless it is a JSON object of texts */
export function parseMetadataHeader(text: string): Record<string, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return undefined;
    const entries = Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return entries.length === Object.keys(value).length ? Object.fromEntries(entries) : undefined;
  } catch {
    return undefined;
  }
}
