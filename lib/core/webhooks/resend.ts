import type { Outcome } from '../model/outcome.ts';
import type { WebhookQueue } from '../ports/webhooks.ts';
import { encodeWebhook, hostOf, webhookOf } from './message.ts';
import { type WebhookRules, webhookUrl } from './recipient.ts';

/** What webhooks are told again with. */
export interface ResendTools {
  /** Absent where there are no webhooks. */
  readonly queue?: WebhookQueue;
  readonly rules: WebhookRules;
  /** Of the processor: ids are made of it. */
  readonly serviceName: string;
}

/**
 * Tells an outcome by webhook again, whatever became of it before: under the same id, with all its attempts.
 * @returns whether there is anybody to tell it
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
