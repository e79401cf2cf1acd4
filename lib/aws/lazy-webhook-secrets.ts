import type { Logger } from '../core/ports/telemetry.ts';
import type { WebhookSecrets } from '../core/ports/webhooks.ts';
import { lazy } from './lazy.ts';

/** Webhook secrets in Secrets Manager, whose client is loaded with the first read: few calls need them. */
export class LazyWebhookSecrets implements WebhookSecrets {
  readonly #load: () => Promise<WebhookSecrets>;

  /** @param id the secret's name or ARN */
  constructor(id: string, logger: Logger) {
    this.#load = lazy(async () => {
      const [{ SecretsManagerWebhookSecrets }, { secretsClient }] = await Promise.all([
        import('./secrets-manager-webhook-secrets.ts'),
        import('./secrets-client.ts'),
      ]);
      return new SecretsManagerWebhookSecrets(id, { client: secretsClient(), logger, now: Date.now });
    });
  }

  /** @throws ConfigurationError if the secret is malformed, or the SDK's error */
  async read(): Promise<readonly string[]> {
    return (await this.#load()).read();
  }
}
