import type { EngineSettings } from '../config/engine-settings.ts';
import type { Progress, RecordedRequest } from '../model/request-record.ts';
import { progressWebhookOf, queuedWebhook } from '../webhooks/message.ts';
import { webhookUrl } from '../webhooks/recipient.ts';
import type { EnginePorts } from './engine-ports.ts';

/**
 * Enqueues a webhook that reports progress, if the request has a receiver for it.
 * @throws Error if the queue rejects it
 */
export async function enqueueProgressWebhook(
  request: RecordedRequest,
  progress: Progress,
  settings: EngineSettings,
  { webhooks, clock }: EnginePorts,
): Promise<void> {
  const url = webhookUrl('progress', request.callbackUrl, settings);
  if (!webhooks || url === undefined) return;
  const message = progressWebhookOf(request, progress, clock.now(), url, settings.serviceName);
  const [result] = await webhooks.send([queuedWebhook(message)]);
  if (result && !result.sent) throw new Error(`the webhook queue rejected it: ${result.reason}`);
}
