import { mapConcurrently } from '../base/map-concurrently.ts';
import type { Outcome } from '../model/outcome.ts';
import type { WebhookQueue } from '../ports/webhooks.ts';
import { encodeWebhook, hostOf, type WebhookMessage, webhookOf } from './message.ts';
import type { Recipient } from './recipient.ts';

/** Most messages that are sent at a time. */
const MAX_SENDS = 10;

/** Sends an outcome's webhooks again, with the same ids and new sets of attempts. */
export async function resendWebhooks(
  outcome: Outcome,
  recipients: readonly Recipient[],
  serviceName: string,
  queue: WebhookQueue,
): Promise<void> {
  await sendWebhooks(
    recipients.map((recipient) => webhookOf(outcome, recipient, serviceName)),
    queue,
  );
}

/** Sends webhooks to their queue. */
export async function sendWebhooks(webhooks: readonly WebhookMessage[], queue: WebhookQueue): Promise<void> {
  await mapConcurrently(webhooks, MAX_SENDS, (webhook) =>
    queue.send(encodeWebhook(webhook), hostOf(webhook), 0),
  );
}
