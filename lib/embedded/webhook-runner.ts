import type { CallbackRules } from '../core/model/callback-url.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Logger, Metrics } from '../core/ports/telemetry.ts';
import { WebhookDeliverer } from '../core/webhooks/deliverer.ts';
import { EndpointHealth } from '../core/webhooks/endpoint-health.ts';
import { HttpsSender } from '../http/webhook-sender.ts';
import { SqliteDelayedMessages } from '../stores/sqlite/delayed-messages.ts';
import type { SqliteFile } from '../stores/sqlite/sqlite-file.ts';
import { SqliteWebhookEndpoints } from '../stores/sqlite/webhook-endpoints.ts';
import { SqliteWebhookQueue } from '../stores/sqlite/webhook-queue.ts';
import { SqliteWebhookStates } from '../stores/sqlite/webhook-states.ts';
import { type MessageRunner, runnerOf } from '../worker/message-runner.ts';
import { QUEUES } from './storage.ts';

/**
 * Most deliveries of a process at a time. It doesn't depend on how many requests the process handles: a delivery only waits
 * for its receiver, up to 20 seconds.
 */
export const WEBHOOK_CONCURRENCY = 50;

/** Options of the delivery of webhooks in a file. */
export interface WebhookRunnerOptions {
  /** Sign webhooks: the current secret first. */
  readonly secrets: readonly string[];
  readonly rules: CallbackRules;
  readonly serviceName: string;
  /** Counts endpoints that are disabled. */
  readonly metrics?: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Delivers the messages of the queue {@link QUEUES.webhooks} of a file. Later attempts wait in that queue. */
export function webhookRunner(
  file: SqliteFile,
  { secrets, rules, serviceName, metrics, logger, clock }: WebhookRunnerOptions,
): MessageRunner {
  const deliverer = new WebhookDeliverer({
    sender: new HttpsSender(rules),
    secrets: { read: async () => secrets },
    queue: new SqliteWebhookQueue(file, QUEUES.webhooks, clock),
    later: new SqliteDelayedMessages(file, QUEUES.webhooks, clock),
    deadLetters: new SqliteWebhookQueue(file, QUEUES.webhookDeadLetters, clock),
    states: new SqliteWebhookStates(file),
    // Also where this process has none: another one on the file may have them.
    endpoints: new EndpointHealth({ store: new SqliteWebhookEndpoints(file), serviceName, metrics, logger }),
    logger,
    clock,
    random: Math.random,
  });
  return runnerOf((message) => deliverer.run(message));
}
