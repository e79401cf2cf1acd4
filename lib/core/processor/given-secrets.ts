import { ConfigurationError } from '../base/errors.ts';
import type { SecretSource } from '../ports/secrets.ts';
import type { Processor } from './handler.ts';

/**
 * A source of the secrets of a processor in values that don't change, such as environment variables.
 * @param what names the values in messages
 * @throws ConfigurationError that names every secret without a value
 */
export function givenSecrets(
  { secrets: names = [] }: Pick<Processor, 'secrets'>,
  given: Readonly<Record<string, string | undefined>>,
  what: string,
): SecretSource {
  const missing = names.filter((name) => !given[name]);
  if (missing.length > 0) {
    throw new ConfigurationError(
      `${what} must have the secrets that the processor names, got nothing for ${missing.join(', ')}`,
    );
  }
  const values = Object.fromEntries(names.map((name) => [name, given[name] ?? '']));
  return { read: async () => values, doubt: () => {} };
}
