import { createHmac } from 'node:crypto';
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts';

const PREFIX = 'whsec_';

/**
 * The secret of an endpoint, derived from one of the service, so that none is stored. It has 32 bytes.
 * @param generation the number of the endpoint's secret, from 1
 */
export function endpointSecret(serviceSecret: string, id: string, generation: number): string {
  const key = Buffer.from(serviceSecret.replace(PREFIX, ''), 'base64');
  const derived = createHmac('sha256', key).update(`webhook endpoint ${id} ${generation}`).digest('base64');
  return `${PREFIX}${derived}`;
}

/**
 * The secrets that sign deliveries to an endpoint: the current one first, then the previous ones during a rotation of the
 * endpoint's or of the service's secret.
 * @param serviceSecrets the current one first
 * @param now milliseconds since 1970
 */
export function endpointSecrets(
  serviceSecrets: readonly string[],
  { id, generation, previousUntil = 0 }: WebhookEndpoint,
  now: number,
): readonly string[] {
  const generations = previousUntil > now ? [generation, generation - 1] : [generation];
  return generations.flatMap((number) => serviceSecrets.map((secret) => endpointSecret(secret, id, number)));
}
