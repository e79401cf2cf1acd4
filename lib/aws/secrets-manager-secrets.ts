import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConfigurationError, SecretUnavailable } from '../core/base/errors.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import type { SecretSource, SecretValues } from '../core/ports/secrets.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { RefreshedValue } from './refreshed-value.ts';

/** The ports that read secrets. */
export interface SecretsManagerPorts {
  readonly client: SecretsManagerClient;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The text of a secret in Secrets Manager, read again as {@link RefreshedValue} does.
 * @param name names the secret in the log
 * @param id the secret's name or ARN
 * @param parse converts the text; it may throw
 */
export function refreshedSecret<Value>(
  name: string,
  id: string,
  parse: (text: string) => Value | Promise<Value>,
  { client, logger, now }: SecretsManagerPorts,
): RefreshedValue<Value> {
  return new RefreshedValue({
    now,
    load: async () => {
      if (id === '')
        throw new ConfigurationError(`The prop secrets of the service must name ${name}, got nothing`);
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
      if (!SecretString) throw new ConfigurationError(`The secret ${id} must be a text, got no SecretString`);
      return parse(SecretString);
    },
    onKept: (error) =>
      logger.warn('A secret could not be read again, so its last value is used', {
        secret: name,
        error: serializeError(error),
      }),
  });
}

/** The secrets of a processor in Secrets Manager. */
export class SecretsManagerSecrets implements SecretSource {
  readonly #secrets: readonly (readonly [name: string, value: RefreshedValue<string>])[];

  /**
   * @param names the names that the processor uses
   * @param ids the secrets' names or ARNs by the names that the processor uses
   */
  constructor(names: readonly string[], ids: Readonly<Record<string, string>>, ports: SecretsManagerPorts) {
    this.#secrets = names.map((name) => [name, refreshedSecret(name, ids[name] ?? '', String, ports)]);
  }

  async read(): Promise<SecretValues> {
    const reading = this.#secrets.map(async ([name, secret]) => {
      try {
        return [name, await secret.read()] as const;
      } catch (error) {
        throw new SecretUnavailable(name, error);
      }
    });
    return Object.fromEntries(await Promise.all(reading));
  }

  doubt(): void {
    for (const [, secret] of this.#secrets) secret.doubt();
  }
}
