import { v7 } from 'uuid';
import type { WebhookEndpoints } from '../core/webhooks/endpoints.ts';
import { SqliteRecordIndex } from '../stores/sqlite/record-index.ts';
import { SqliteWebhookEndpoints } from '../stores/sqlite/webhook-endpoints.ts';
import { SqliteWebhookQueue } from '../stores/sqlite/webhook-queue.ts';
import { CheckedWebhookEndpoints } from './checked-webhook-endpoints.ts';
import type { StoredServiceSettings } from './settings.ts';
import { QUEUES, type Storage } from './storage.ts';

/** Opens the webhook endpoints in a file. @param secrets sign webhooks: the current one first */
export function openWebhookEndpoints(
  { file, clock }: Storage,
  settings: StoredServiceSettings,
  secrets: readonly string[],
): WebhookEndpoints {
  return new CheckedWebhookEndpoints({
    store: new SqliteWebhookEndpoints(file),
    secrets: { read: async () => secrets },
    queue: new SqliteWebhookQueue(file, QUEUES.webhooks, clock),
    index: new SqliteRecordIndex(file, clock),
    rules: settings,
    serviceName: settings.serviceName,
    clock,
    newId: (at) => v7({ msecs: at }),
  });
}
