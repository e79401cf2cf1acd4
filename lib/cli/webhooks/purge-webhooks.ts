import { messageOf } from '../../core/base/serialize-error.ts';
import { isPassing } from '../../core/webhooks/message.ts';
import type { DeadWebhook } from './dead-webhook.ts';
import type { HandledWebhook } from './each-batch.ts';
import type { WebhookService } from './service.ts';

/** Why the webhook of a request is no longer in the queue, in its record. */
const PURGED_REASON = 'given up: it was deleted from the dead-letter queue';

/**
 * Deletes at most ten webhooks of a walk. The records of their requests say so. Those of endpoints aren't in a record.
 * @param now milliseconds since 1970
 */
export async function purgeWebhooks(
  webhooks: readonly DeadWebhook[],
  { deadLetters, states }: Pick<WebhookService, 'deadLetters' | 'states'>,
  now: number,
): Promise<HandledWebhook[]> {
  if (webhooks.length === 0) return [];
  const reasons = await deadLetters.delete(webhooks.map(({ message }) => message));
  return Promise.all(
    webhooks.map(async (webhook): Promise<HandledWebhook> => {
      const problem = reasons.get(webhook.message.id);
      if (problem !== undefined) return { webhook, result: 'failed', problem };
      try {
        await noteGivenUp(webhook, states, now);
        return { webhook, result: 'deleted' };
      } catch (error) {
        return { webhook, result: 'deleted', problem: `its request doesn't show it: ${messageOf(error)}` };
      }
    }),
  );
}

async function noteGivenUp(
  { decoded }: DeadWebhook,
  states: WebhookService['states'],
  now: number,
): Promise<void> {
  if (!decoded || decoded.endpoint !== undefined || isPassing(decoded.subject)) return;
  const { subject, attempt } = decoded;
  await states.note(subject.request, {
    status: 'dead_lettered',
    endedAt: subject.at,
    at: now,
    // The message holds the number of the next attempt.
    attempts: attempt - 1,
    reason: PURGED_REASON,
  });
}
