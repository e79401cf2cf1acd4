import type { BatchView } from '../model/batch-view.ts';
import { callbackUrlProblem } from '../model/callback-url.ts';
import { batchEventTypeOf } from '../model/event-names.ts';
import { digestOf } from '../model/request-id.ts';
import { batchPath } from '../model/request-links.ts';
import type { WebhookMessage } from './message.ts';
import type { WebhookRules } from './recipient.ts';

/** A batch that has ended, and where its client wants to be called. */
export interface EndedBatch {
  readonly view: BatchView;
  readonly callbackUrl?: string;
}

/**
 * The first delivery attempt of the end of a batch: to its callback URL, or else to the default URL. Its id is the same each
 * time.
 * @returns undefined if nothing receives it
 */
export function batchWebhookOf(
  { view, callbackUrl }: EndedBatch,
  rules: WebhookRules,
  serviceName: string,
): WebhookMessage | undefined {
  const url = callbackUrl ?? rules.webhookDefaultUrl;
  if (url === '' || callbackUrlProblem(url, rules) !== undefined) return undefined;
  const { id, tenant, topic, status, counts, createdAt, endedAt = createdAt, manifest } = view;
  const type = batchEventTypeOf(view);
  // A batch that is created again with the same idempotency key, after the first one is gone, has the same id.
  const names = [serviceName, id, String(createdAt.getTime()), ...(tenant === undefined ? [] : [tenant])];
  return {
    url,
    id: digestOf('batch webhook', ...names),
    attempt: 1,
    subject: {
      type,
      request: { id, source: '', ...(tenant !== undefined && { tenant }) },
      at: endedAt.getTime(),
    },
    body: JSON.stringify({
      type,
      timestamp: endedAt.toISOString(),
      data: {
        id,
        tenant,
        topic,
        status,
        counts,
        links: {
          self: batchPath(id),
          results: batchPath(id, '/results'),
          ...(manifest && { manifest: batchPath(id, '/manifest') }),
        },
      },
    }),
  };
}
