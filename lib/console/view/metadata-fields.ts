import type { ActionFilter } from '../../client/index.ts';
import { fieldOf } from './action-form.ts';

/** Begins the names of fields for metadata. */
export const METADATA_FIELD = 'metadata.';

/** The metadata that the fields of a form or a query ask for: `metadata.NAME`. Empty ones ask for nothing. */
export function metadataIn(fields: FormData | URLSearchParams): NonNullable<ActionFilter['metadata']> {
  const names = [...fields.keys()].filter((name) => name.startsWith(METADATA_FIELD));
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = fieldOf(fields, name);
      return value === undefined ? [] : [[name.slice(METADATA_FIELD.length), value]];
    }),
  );
}
