import { sqsClient } from '../../aws/sqs-client.ts';
import { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import { ReturnQueue } from '../../aws/sqs-return-queue.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import type { Deployment } from '../deployment.ts';
import { type DeadWebhook, isMeant, openWebhook } from './dead-webhook.ts';
import type { FilterOptions } from './options.ts';

/** A service as its webhooks are dealt with. */
export interface WebhookService {
  readonly deadLetters: DeadLetterQueue;
  readonly queue: ReturnQueue;
}

/** Reaches what a deployment's outputs name. @throws DeploymentUnknown */
export async function webhookService(deployment: Deployment): Promise<WebhookService> {
  const url = deployment('WebhookDeadLetterQueueUrl');
  const sqs = sqsClient(await awsOfQueue(url));
  return {
    deadLetters: new DeadLetterQueue(sqs, url),
    queue: new ReturnQueue(sqs, deployment('WebhookQueueUrl')),
  };
}

/** How webhooks are gone through. */
export interface WebhookWalk extends FilterOptions {
  /** Most the caller deals with in a second. */
  readonly perSecond: number;
  readonly signal: AbortSignal;
}

/**
 * Goes through the webhooks that were given up, a few at a time, and gives back in the end what isn't deleted.
 * @throws the signal's reason
 */
export async function* webhooksIn(
  queue: DeadLetterQueue,
  { limit = Number.POSITIVE_INFINITY, perSecond, signal, ...filter }: WebhookWalk,
): AsyncGenerator<{ readonly passed: number; readonly meant: readonly DeadWebhook[] }, void> {
  let left = limit;
  for await (const messages of queue.walk(perSecond, signal)) {
    const meant = messages
      .map(openWebhook)
      .filter((webhook) => isMeant(webhook, filter))
      .slice(0, left);
    yield { passed: messages.length, meant };
    left -= meant.length;
    if (left === 0) return;
  }
}
