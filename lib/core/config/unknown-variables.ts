import { nearestName } from '../base/nearest-name.ts';
import { outboxVariableNames } from './outbox-environment.ts';
import { serveVariableNames } from './serve-environment.ts';
import { isServiceLink } from './service-link.ts';
import type { Variables } from './variables.ts';
import { workerVariableNames } from './worker-environment.ts';

/** Our variables begin with it, and maybe others that the platform sets. */
const PREFIX = 'COATCHECK_';

/**
 * The variables with our prefix that no program reads: misspelled ones. Those that only another program reads are none: programs
 * may share an environment.
 * @param own names of the program's variables, which are the likeliest meant
 * @param others further names that are known
 * @returns a problem of each
 */
export function unknownVariableProblems(
  variables: Variables,
  own: readonly string[],
  others: readonly string[] = [],
): readonly string[] {
  const programs = [serveVariableNames(), Object.values(workerVariableNames()), outboxVariableNames()];
  const known = [...own, ...programs.flat(), ...others];
  return Object.entries(variables)
    .filter(
      ([name, value]) => name.startsWith(PREFIX) && !known.includes(name) && !isServiceLink(name, value),
    )
    .map(([name]) => {
      const near = nearestName(name, known);
      return `${name} is set, but nothing reads it: ${near === undefined ? 'remove it, or look up its name in docs/settings.md' : `did you mean ${near}?`}`;
    });
}
