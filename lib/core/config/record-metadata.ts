import { ConfigurationError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { isMetadataName } from './limits.ts';
import { list, type Variable, withDefault } from './variables.ts';

/** Begins the names of metadata where there are other names, too. */
export const METADATA_PREFIX = 'metadata.';

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

/**
 * The problem with a key that requests are selected by; undefined if records keep it.
 * @param declared the keys that records keep
 */
export function undeclaredProblem(key: string, declared: readonly string[]): string | undefined {
  if (declared.includes(key)) return undefined;
  const known =
    declared.length === 0
      ? `none is declared. Declare keys with ${HOW_TO_DECLARE}`
      : `the declared keys are ${declared.map((each) => `${METADATA_PREFIX}${each}`).join(', ')}`;
  return `Requests can be listed only by metadata that their records keep, got ${quote(`${METADATA_PREFIX}${key}`, 150)}: ${known}`;
}

/** The problem with a value that requests are selected by; undefined if records may have it. @param name names it in the problem */
export function wantedValueProblem(name: string, value: unknown): string | undefined {
  if (typeof value !== 'string') {
    return `${name} takes one value, got ${Array.isArray(value) ? value.length : quote(value)}`;
  }
  if (value === '') return `${name} must have a value, got "": for requests with any, leave it out`;
  if (Buffer.byteLength(value) <= RECORD_METADATA_MAX_BYTES) return undefined;
  return `${name} must be at most ${RECORD_METADATA_MAX_BYTES} bytes, since records keep no longer values, got ${quote(value)}`;
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
const HOW_TO_DECLARE = `records.metadata of AsyncService, ${RECORD_METADATA_VARIABLE} of coatcheck serve, dev and worker, or recordMetadata of openService()`;

function isKeptName(name: unknown): boolean {
  return (
    typeof name === 'string' &&
    !name.startsWith(METADATA_PREFIX) &&
    isMetadataName(`${METADATA_PREFIX}${name}`)
  );
}
