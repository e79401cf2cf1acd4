import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SMALL_CALLS } from './clients.ts';

/** A client for Secrets Manager. */
export function secretsClient(): SecretsManagerClient {
  return new SecretsManagerClient({ requestHandler: SMALL_CALLS });
}
