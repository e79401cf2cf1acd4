import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { ConfigurationError } from '../core/base/errors.ts';
import { unknownVariableProblems } from '../core/config/unknown-variables.ts';
import { PORT_VARIABLE } from '../local/environment.ts';
import { note, printable } from '../terminal/output.ts';
import { OUTCOME_VARIABLES } from './consume/outcome-variables.ts';
import { TOKEN_VARIABLE } from './service-options.ts';

/** Variables of programs that don't say themselves what they know. */
const OTHERS = [TOKEN_VARIABLE, PORT_VARIABLE, ...Object.values(OUTCOME_VARIABLES)];

/**
 * Adds the variables of a file, one `NAME=value` a line, to the environment. Variables of the environment win.
 * @param known the names of the program's variables
 * @returns the names of those that it added
 * @throws ConfigurationError if the file can't be read, or has a variable of ours that no program reads
 */
export async function loadEnvFile(path: string, known: readonly string[]): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new ConfigurationError(`--env-file ${path} can't be read`, { cause });
  });
  const variables = parseEnv(text);
  const problems = unknownVariableProblems(variables, known, OTHERS);
  if (problems.length > 0) throw new ConfigurationError(`--env-file ${path}: ${problems.join('; ')}`);
  const added = Object.entries(variables).filter(([name]) => process.env[name] === undefined);
  for (const [name, value] of added) process.env[name] = value;
  return added.map(([name]) => name);
}

/** Warns of variables of the environment that seem misspelled. The platform may set them, too, so that they are no error. */
export function warnOfUnknownVariables(known: readonly string[]): void {
  for (const problem of unknownVariableProblems(process.env, known, OTHERS))
    note(printable(`warning: ${problem}`));
}
