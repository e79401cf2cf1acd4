import { ConfigurationError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { isMetadataName } from './limits.ts';
import { list, type Variable, withDefault } from './variables.ts';

/** Most keys of metadata that records keep. */
export const MAX_RECORD_METADATA = 5;

/** Longest value that records keep, in bytes of UTF-8: a record stays small, whatever its sender writes. */
export const RECORD_METADATA_MAX_BYTES = 128;

/**
 * The problem with the keys of metadata that records keep; undefined if they can be used.
 * @param setting names them in the problem
 */
export function recordMetadataProblem(setting: string, names: unknown): string | undefined {
  if (!Array.isArray(names))
    return `${setting} must be a list of metadata names, such as ["customer"], got ${quote(names)}`;
  const malformed = names.findIndex((name) => !isKeptName(name));
  if (malformed >= 0) {
    return `${setting}[${malformed}] must be the name of a metadata entry without "metadata.": 1 to 128 characters other than spaces and =, such as customer, got ${quote(names[malformed])}`;
  }
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) return `${setting} must have different names, got ${twice} twice`;
  if (names.length <= MAX_RECORD_METADATA) return undefined;
  return `${setting} must have at most ${MAX_RECORD_METADATA} names, so that records stay small, got ${names.length}`;
}

/** @throws ConfigurationError */
export function assertRecordMetadata(names: readonly string[]): void {
  const problem = recordMetadataProblem('recordMetadata', names);
  if (problem !== undefined) throw new ConfigurationError(problem);
}

/** The keys of metadata that records keep, separated by spaces. @default - none */
export function recordMetadataVariable(): Variable<readonly string[]> {
  const names = list(RECORD_METADATA_VARIABLE);
  const variable: Variable<readonly string[]> = {
    ...names,
    read: (given, problems) => {
      const read = names.read(given, problems);
      const problem = recordMetadataProblem(names.name, read);
      if (problem !== undefined) problems.push(problem);
      return read;
    },
  };
  return withDefault(variable, []);
}

const RECORD_METADATA_VARIABLE = 'COATCHECK_RECORD_METADATA';

/** Where keys are declared, for error messages. */
export const HOW_TO_DECLARE = `records.metadata of AsyncService, ${RECORD_METADATA_VARIABLE} of coatcheck serve, dev and worker, or recordMetadata of openService()`;

function isKeptName(name: unknown): boolean {
  return typeof name === 'string' && !name.startsWith('metadata.') && isMetadataName(`metadata.${name}`);
}
