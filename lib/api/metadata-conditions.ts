import { quote } from '../core/base/quote.ts';
import { HOW_TO_DECLARE, RECORD_METADATA_MAX_BYTES } from '../core/config/record-metadata.ts';
import type { Metadata } from '../core/model/kept-metadata.ts';
import { ProblemError } from './problem.ts';

/** Prefix of the query parameters that filter by metadata. */
export const METADATA_PARAMETER = 'metadata.';

/**
 * The metadata that requests must have, from the parameters of a query.
 * @param declared the keys that records keep
 * @returns undefined if the query doesn't filter by metadata
 * @throws ProblemError 400 for a key that isn't declared, and for a value that no record has
 */
export function metadataConditions(
  query: Readonly<Record<string, unknown>>,
  declared: readonly string[],
): Metadata | undefined {
  const given = Object.entries(query).filter(([name]) => name.startsWith(METADATA_PARAMETER));
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map(([name, value]) => {
      const key = name.slice(METADATA_PARAMETER.length);
      if (!declared.includes(key)) throw undeclared(name, declared);
      return [key, checkedValue(name, value)];
    }),
  );
}

function undeclared(name: string, declared: readonly string[]): ProblemError {
  const known =
    declared.length === 0
      ? `none is declared. Declare keys with ${HOW_TO_DECLARE}`
      : `the declared keys are ${declared.map((key) => `${METADATA_PARAMETER}${key}`).join(', ')}`;
  const detail = `Requests can be listed only by metadata that their records keep, got ${quote(name, 150)}: ${known}`;
  return new ProblemError({ status: 400, code: 'metadata_undeclared', detail });
}

function checkedValue(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= RECORD_METADATA_MAX_BYTES)
    return value;
  const got = Array.isArray(value) ? `${value.length} values` : quote(value);
  const detail = `${name} must be one value of 1 to ${RECORD_METADATA_MAX_BYTES} bytes, since records keep no longer ones, got ${got}`;
  throw new ProblemError({ status: 400, code: 'request_malformed', detail });
}
