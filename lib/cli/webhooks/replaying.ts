import { encodeWebhook } from '../../core/webhooks/message.ts';
import type { TokenBucket } from '../token-bucket.ts';
import type { DeadWebhook } from './dead-webhook.ts';
import type { WebhookService } from './service.ts';

/** What has become of a webhook. */
export interface Replayed {
  readonly webhook: DeadWebhook;
  readonly result: 'put_back' | 'unreadable' | 'failed';
  /** What went wrong. */
  readonly problem?: string;
}

/**
 * Puts webhooks back into their queue, with all their attempts. One is sent before it is deleted: what ends the program in
 * between leaves it, to be sent once more under the same id. What can't be read is left.
 * @throws the signal's reason; those that weren't told of are left
 */
export async function* replay(
  webhooks: readonly DeadWebhook[],
  { deadLetters, queue }: WebhookService,
  bucket: TokenBucket,
  signal: AbortSignal,
): AsyncGenerator<Replayed, void> {
  const messages = webhooks.flatMap((webhook) => {
    const { message, content } = webhook;
    if (!content) return [];
    const body = encodeWebhook({ ...content.webhook, attempt: 1 });
    // What a scheduler says of its failure is nothing to the next attempt.
    return [{ webhook, id: message.id, groupId: message.groupId, body, attributes: {} }];
  });
  for (const webhook of webhooks) if (!webhook.content) yield { webhook, result: 'unreadable' };
  while (messages.length > 0) {
    const turn = messages.splice(0, bucket.capacity);
    await bucket.take(turn.length, signal);
    for (const call of queue.calls(turn)) {
      const refusals = await queue.send(call);
      const sent = call.filter(({ id }) => !refusals.has(id)).map(({ webhook }) => webhook);
      const kept = sent.length > 0 ? await deadLetters.delete(sent.map(({ message }) => message)) : new Map();
      for (const webhook of sent)
        yield { webhook, result: 'put_back', problem: kept.get(webhook.message.id) };
      for (const { webhook, id } of call) {
        if (refusals.has(id)) yield { webhook, result: 'failed', problem: refusals.get(id) };
      }
    }
  }
}
