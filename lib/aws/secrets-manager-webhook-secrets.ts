import { parseSecrets } from '../core/model/webhook-secrets.ts';
import type { WebhookSecrets } from '../core/ports/webhooks.ts';
import type { RefreshedValue } from './refreshed-value.ts';
import { refreshedSecret, type SecretsManagerPorts } from './secrets-manager-secrets.ts';

/** Webhook secrets in Secrets Manager. */
export class SecretsManagerWebhookSecrets implements WebhookSecrets {
  readonly #secrets: RefreshedValue<readonly string[]>;

  /** @param id the secret's name or ARN */
  constructor(id: string, ports: SecretsManagerPorts) {
    this.#secrets = refreshedSecret('webhooks', id, parseSecrets, ports);
  }

  /** @throws ConfigurationError if the secret is malformed, or the SDK's error */
  read(): Promise<readonly string[]> {
    return this.#secrets.read();
  }
}
