/** Lambda and the service itself use variables that begin like this. */
const TAKEN_PREFIXES = ['AWS_', 'COATCHECK_', 'POWERTOOLS_'];

/**
 * The problem with the name of a secret; undefined if it is valid. Outside Lambda, secrets are environment variables with
 * these names.
 * @param what names the input
 */
export function secretNameProblem(what: string, name: string): string | undefined {
  if (/^[A-Za-z_]\w{0,127}$/.test(name) && !TAKEN_PREFIXES.some((prefix) => name.startsWith(prefix)))
    return undefined;
  return (
    `${what} must be a name of 1 to 128 letters, digits and _ that begins with no digit and with none of ` +
    `${TAKEN_PREFIXES.join(', ')}, got ${JSON.stringify(name)}`
  );
}
