import type { EngineSettings } from '../config/engine-settings.ts';
import type { Progress, RecordedRequest } from '../model/request-record.ts';
import { progressWebhookOf, queuedWebhook, webhookService } from '../webhooks/message.ts';
import { recipientsOf } from '../webhooks/recipient.ts';
import { BatchPublisher } from '../wire/batch-publisher.ts';
import type { EnginePorts } from './engine-ports.ts';

/**
 * Enqueues the webhooks that report progress, one for each of its recipients.
 * @throws Error if the queue rejects one
 */
export async function enqueueProgressWebhooks(
  request: RecordedRequest,
  progress: Progress,
  settings: EngineSettings,
  { webhooks, webhookEndpoints, clock, random }: EnginePorts,
): Promise<void> {
  if (!webhooks) return;
  const at = clock.now();
  const recipients = await recipientsOf('progress', request, settings, webhookEndpoints);
  const publisher = new BatchPublisher(webhooks, random, () => false);
  const publications = await Promise.all(
    recipients.map((recipient) => {
      const webhook = progressWebhookOf(request, progress, at, recipient, webhookService(settings));
      return publisher.publish(queuedWebhook(webhook));
    }),
  );
  const lost = publications.find((publication) => !publication.published);
  if (lost) throw new Error(`the webhook queue rejected it: ${lost.reason}`);
}
