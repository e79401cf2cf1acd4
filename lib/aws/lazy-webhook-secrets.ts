import type { Logger } from '../core/ports/telemetry.ts';
import type { WebhookSecrets } from '../core/ports/webhooks.ts';
import { lazyPort } from './lazy-port.ts';

/**
 * Webhook secrets in Secrets Manager, whose client is loaded with the first read: few calls need them. A read throws
 * ConfigurationError if the secret is malformed, or the SDK's error.
 * @param id the secret's name or ARN
 */
export function lazyWebhookSecrets(id: string, logger: Logger): WebhookSecrets {
  return lazyPort(['read'], async () => {
    const [{ SecretsManagerWebhookSecrets }, { secretsClient }] = await Promise.all([
      import('./secrets-manager-webhook-secrets.ts'),
      import('./secrets-client.ts'),
    ]);
    return new SecretsManagerWebhookSecrets(id, { client: secretsClient(), logger, now: Date.now });
  });
}
