import { sqsClient } from '../../aws/sqs-client.ts';
import { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../aws/sqs-sender.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import type { Deployment } from '../deployment.ts';
import { type DeadWebhook, matches, openWebhook } from './dead-webhook.ts';
import type { WebhookFilterOptions } from './options.ts';

/** The dead-lettered webhooks of a deployed service, and the queue to put them back into. */
export interface WebhookService {
  readonly deadLetters: DeadLetterQueue;
  readonly queue: SqsSender;
}

/** Opens the queues that a deployment's outputs name. @throws DeploymentUnknown */
export async function openWebhookService(deployment: Deployment): Promise<WebhookService> {
  const url = deployment('WebhookDeadLetterQueueUrl');
  const sqs = sqsClient(await awsOfQueue(url));
  return {
    deadLetters: new DeadLetterQueue(sqs, url),
    queue: new SqsSender(sqs, deployment('WebhookQueueUrl')),
  };
}

/** Which webhooks to walk through, and how fast. */
export interface WebhookWalkOptions extends WebhookFilterOptions {
  /** Most webhooks that the caller handles in a second. */
  readonly perSecond: number;
  readonly signal: AbortSignal;
}

/**
 * Walks through the dead-lettered webhooks, and returns what wasn't deleted to the queue at the end.
 * @throws the signal's reason
 */
export async function* walkWebhooks(
  queue: DeadLetterQueue,
  { limit = Number.POSITIVE_INFINITY, perSecond, signal, ...filter }: WebhookWalkOptions,
): AsyncGenerator<{ readonly received: number; readonly matching: readonly DeadWebhook[] }, void> {
  let left = limit;
  for await (const messages of queue.walk(perSecond, signal)) {
    const matching = messages
      .map(openWebhook)
      .filter((webhook) => matches(webhook, filter))
      .slice(0, left);
    yield { received: messages.length, matching };
    left -= matching.length;
    if (left === 0) return;
  }
}
