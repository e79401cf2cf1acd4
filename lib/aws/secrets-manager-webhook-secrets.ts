import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { parseSecrets } from '../core/model/webhook-secrets.ts';
import type { WebhookSecrets } from '../core/ports/webhooks.ts';

/** How long what was read is good: so long after a change the secret before it is still signed with. */
const GOOD_FOR_MILLISECONDS = 300_000;

/** A secret of Secrets Manager, read again every five minutes. */
export class SecretsManagerWebhookSecrets implements WebhookSecrets {
  readonly #client: SecretsManagerClient;
  readonly #id: string;
  readonly #now: () => number;
  #latest: Promise<readonly string[]> | undefined;
  #goodUntil = 0;

  /** @param id the secret's name or ARN */
  constructor(client: SecretsManagerClient, id: string, now: () => number) {
    this.#client = client;
    this.#id = id;
    this.#now = now;
  }

  /** @throws ConfigurationError when it isn't of the right form, or what Secrets Manager threw */
  read(): Promise<readonly string[]> {
    if (this.#latest && this.#now() < this.#goodUntil) return this.#latest;
    const reading = this.#read();
    this.#latest = reading;
    this.#goodUntil = this.#now() + GOOD_FOR_MILLISECONDS;
    // Whoever is next tries again.
    reading.catch(() => {
      if (this.#latest === reading) this.#latest = undefined;
    });
    return reading;
  }

  async #read(): Promise<readonly string[]> {
    const { SecretString = '' } = await this.#client.send(new GetSecretValueCommand({ SecretId: this.#id }));
    return parseSecrets(SecretString);
  }
}
