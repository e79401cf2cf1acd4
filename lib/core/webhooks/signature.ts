import { Webhook } from 'standardwebhooks';

/**
 * The headers that identify and sign a delivery, as Standard Webhooks defines them.
 * @param id the same for every attempt
 * @param secrets one signature is made with each
 * @param at when it is sent, in milliseconds since 1970
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(
  id: string,
  body: string,
  secrets: readonly string[],
  at: number,
): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, new Date(at), body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': signatures.join(' '),
  };
}
