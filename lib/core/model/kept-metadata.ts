import { RECORD_METADATA_MAX_BYTES } from '../config/record-metadata.ts';

/** What a sender says about a request, by names. */
export type Metadata = Readonly<Record<string, string>>;

/**
 * The metadata that a record keeps. A value that is too long isn't kept: the beginning of one would match other requests.
 * @param names the declared keys
 * @returns undefined if there is nothing to keep
 */
export function keptMetadata(metadata: Metadata, names: readonly string[]): Metadata | undefined {
  const kept = names.flatMap((name) => {
    const value = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
    return value === undefined || Buffer.byteLength(value) > RECORD_METADATA_MAX_BYTES ? [] : [[name, value]];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** Whether metadata has all values that a filter wants. */
export function hasMetadata(metadata: Metadata = {}, wanted: Metadata = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => metadata[name] === value);
}
