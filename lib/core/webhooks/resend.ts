import type { Outcome } from '../model/outcome.ts';
import type { WebhookQueue } from '../ports/webhooks.ts';
import { encodeWebhook, hostOf, webhookOf } from './message.ts';
import { type WebhookRules, webhookUrl } from './recipient.ts';

/** What {@link resendWebhook} needs. */
export interface ResendTools {
  /** Absent if webhooks are off. */
  readonly queue?: WebhookQueue;
  readonly rules: WebhookRules;
  /** The processor's service name, which webhook ids depend on. */
  readonly serviceName: string;
}

/**
 * Sends an outcome's webhook again, with the same id and a new set of attempts.
 * @returns whether there is a receiver
 */
export async function resendWebhook(
  outcome: Outcome,
  { queue, rules, serviceName }: ResendTools,
): Promise<boolean> {
  const url = webhookUrl(outcome.status, outcome.callbackUrl, rules);
  if (!queue || url === undefined) return false;
  const webhook = webhookOf(outcome, url, serviceName);
  await queue.send(encodeWebhook(webhook), hostOf(webhook), 0);
  return true;
}
