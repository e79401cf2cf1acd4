import { batchesOf } from '../../aws/sqs-sender.ts';
import { encodeWebhook } from '../../core/webhooks/message.ts';
import type { TokenBucket } from '../token-bucket.ts';
import type { DeadWebhook } from './dead-webhook.ts';
import type { HandledWebhook } from './each-batch.ts';
import type { WebhookService } from './service.ts';

/**
 * Puts webhooks back into their queue, with all their attempts. Each is sent before it is deleted. If the program ends in
 * between, the webhook remains and is sent once more under the same id. Messages that can't be decoded stay.
 * @throws the signal's reason; webhooks not yielded by then stay in the queue
 */
export async function* replayWebhooks(
  webhooks: readonly DeadWebhook[],
  { deadLetters, queue }: Pick<WebhookService, 'deadLetters' | 'queue'>,
  bucket: TokenBucket,
  signal: AbortSignal,
): AsyncGenerator<HandledWebhook, void> {
  const messages = webhooks.flatMap((webhook) => {
    const { message, decoded } = webhook;
    if (!decoded) return [];
    const body = encodeWebhook({ ...decoded, attempt: 1 });
    // Drops the attributes in which EventBridge Scheduler describes its failure.
    return [{ webhook, groupId: message.groupId, body }];
  });
  for (const webhook of webhooks) if (!webhook.decoded) yield { webhook, result: 'unreadable' };
  while (messages.length > 0) {
    const turn = messages.splice(0, bucket.capacity);
    await bucket.take(turn.length, signal);
    for (const batch of batchesOf(turn)) {
      const failures = await queue.sendBatch(batch);
      const sent = batch.filter((_, index) => !failures[index]).map(({ webhook }) => webhook);
      const kept = sent.length > 0 ? await deadLetters.delete(sent.map(({ message }) => message)) : new Map();
      for (const webhook of sent)
        yield { webhook, result: 'put_back', problem: kept.get(webhook.message.id) };
      for (const [index, { webhook }] of batch.entries()) {
        const failure = failures[index];
        if (failure) yield { webhook, result: 'failed', problem: failure.reason };
      }
    }
  }
}
