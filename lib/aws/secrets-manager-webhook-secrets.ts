import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { parseSecrets } from '../core/model/webhook-secrets.ts';
import type { WebhookSecrets } from '../core/ports/webhooks.ts';

/** How long a secret is cached, and so the longest time that an old secret is still used after a change. */
const GOOD_FOR_MILLISECONDS = 300_000;

/** Webhook secrets in Secrets Manager, cached for five minutes. */
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

  /** @throws ConfigurationError if the secret is malformed, or the SDK's error */
  read(): Promise<readonly string[]> {
    if (this.#latest && this.#now() < this.#goodUntil) return this.#latest;
    const reading = this.#read();
    this.#latest = reading;
    this.#goodUntil = this.#now() + GOOD_FOR_MILLISECONDS;
    // The next call tries again.
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
