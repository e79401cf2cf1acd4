import { METADATA_PREFIX, undeclaredProblem, wantedValueProblem } from '../core/config/record-metadata.ts';
import type { Metadata } from '../core/model/kept-metadata.ts';
import { ProblemError } from './problem.ts';

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
  const given = Object.entries(query).filter(([name]) => name.startsWith(METADATA_PREFIX));
  if (given.length === 0) return undefined;
  return Object.fromEntries(
    given.map(([name, value]) => {
      const key = name.slice(METADATA_PREFIX.length);
      const undeclared = undeclaredProblem(key, declared);
      if (undeclared !== undefined) throw refusal('metadata_undeclared', undeclared);
      const malformed = wantedValueProblem(name, value);
      if (malformed !== undefined) throw refusal('request_malformed', malformed);
      return [key, String(value)];
    }),
  );
}

function refusal(code: 'metadata_undeclared' | 'request_malformed', detail: string): ProblemError {
  return new ProblemError({ status: 400, code, detail });
}
