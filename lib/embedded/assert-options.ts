import { ConfigurationError } from '../core/base/errors.ts';
import { isObject } from '../core/base/json-object.ts';
import { quote } from '../core/base/quote.ts';
import { nullProblems } from '../core/config/null-problems.ts';

/** Says what an option must be; undefined if a value is that. */
export type OptionShape = (value: unknown) => string | undefined;

/**
 * Checks the options of `openService()`, which come from JavaScript, too.
 * @param shapes what each option must be
 * @throws ConfigurationError that names each option that is unknown, null or nothing of the kind that it must be
 */
export function assertOptions(options: unknown, shapes: Readonly<Record<string, OptionShape>>): void {
  if (!isObject(options)) {
    throw new ConfigurationError(`openService() takes an object with options, got ${quote(options)}`);
  }
  // A logger isn't written down by the program: it may contain nulls, and refer to itself.
  const written = isObject(options.logger) ? { ...options, logger: undefined } : options;
  const problems = [...nullProblems(written), ...unknownProblems(options, Object.keys(shapes))];
  if (problems.length === 0) problems.push(...shapeProblems(options, shapes));
  if (problems.length > 0) throw new ConfigurationError(`openService(): ${problems.join('; ')}`);
}

function unknownProblems(options: object, known: readonly string[]): string[] {
  return Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => `${name} is not one of ${known.join(', ')}`);
}

/** Secrets of webhooks aren't quoted, so no object is. */
function shapeProblems(
  options: Readonly<Record<string, unknown>>,
  shapes: Readonly<Record<string, OptionShape>>,
): string[] {
  return Object.entries(shapes).flatMap(([name, missed]) => {
    const value = options[name];
    if (value === undefined && name !== 'file') return [];
    const what = missed(value);
    const got = typeof value === 'object' ? 'another object' : quote(value);
    return what === undefined ? [] : [`${name} must be ${what}, got ${got}`];
  });
}
