import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { ConfigurationError } from '../core/base/errors.ts';

/**
 * Adds the variables of a file, one `NAME=value` a line, to the environment. Variables of the environment win.
 * @param command what reads them, for messages @param known the names of its variables
 * @returns the names of those that it added
 * @throws ConfigurationError if the file can't be read, or has a variable of ours that the command doesn't have
 */
export async function loadEnvFile(
  path: string,
  command: string,
  known: readonly string[],
): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new ConfigurationError(`--env-file ${path} can't be read`, { cause });
  });
  const variables = parseEnv(text);
  const unknown = Object.keys(variables).filter(
    (name) => name.startsWith('COATCHECK_') && !known.includes(name),
  );
  if (unknown.length > 0) {
    throw new ConfigurationError(
      `${path} sets ${unknown.join(', ')}, which a ${command} doesn't have. It has ${known.join(', ')}`,
    );
  }
  const added = Object.entries(variables).filter(([name]) => process.env[name] === undefined);
  for (const [name, value] of added) process.env[name] = value;
  return added.map(([name]) => name);
}
