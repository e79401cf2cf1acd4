import { ConfigurationError } from '../base/errors.ts';
import { type NumberSettingName, numberProblem } from './settings.ts';
import { unknownNameProblem } from './shape.ts';

/** Numbers that may be given: each has the meaning, the bounds and the default of a prop of `AsyncService`. */
export type GivenSettings<Name extends NumberSettingName> = { readonly [Key in Name]?: number };

/**
 * Checks numbers that were given.
 * @param names the settings that there are
 * @throws ConfigurationError that names every setting that is unknown or out of bounds
 */
export function assertSettings<Name extends NumberSettingName>(
  names: readonly Name[],
  given: GivenSettings<Name>,
): void {
  const problems = Object.entries(given).flatMap(([name, value]) => problemOf(names, name, value) ?? []);
  if (problems.length > 0) throw new ConfigurationError(`settings: ${problems.join('; ')}`);
}

function problemOf(names: readonly NumberSettingName[], name: string, value: unknown): string | undefined {
  const known = names.find((each) => each === name);
  if (!known) return unknownNameProblem(name, name, names);
  return value === undefined ? undefined : numberProblem(known, value, name);
}
