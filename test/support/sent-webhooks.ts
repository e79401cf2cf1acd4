import { decodeWebhook, type WebhookMessage } from '../../lib/core/webhooks/message.ts';
import type { MemoryWebhookQueue } from '../../lib/stores/memory/webhook-queue.ts';

/** The webhooks that were sent to a queue, in order. */
export function sentWebhooks({ sent }: MemoryWebhookQueue): WebhookMessage[] {
  return sent.map(({ message }) => decodeWebhook(message));
}
