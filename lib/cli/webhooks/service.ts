import { access } from 'node:fs/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbWebhookStates } from '../../aws/dynamodb-webhook-states.ts';
import { sqsClient } from '../../aws/sqs-client.ts';
import { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../aws/sqs-sender.ts';
import { ConfigurationError } from '../../core/base/errors.ts';
import type { WebhookStates } from '../../core/ports/webhooks.ts';
import { QUEUES } from '../../embedded/storage.ts';
import { SqliteFile } from '../../stores/sqlite/sqlite-file.ts';
import { SqliteWebhookStates } from '../../stores/sqlite/webhook-states.ts';
import { note } from '../../terminal/output.ts';
import { awsOfQueue } from '../aws-of-queue.ts';
import { type Deployment, findDeployment } from '../deployment.ts';
import { FileQueue } from '../file-queue.ts';
import type { RefilledQueue, WalkedQueue } from '../queues.ts';
import { chosenService, dataFolder, serviceFile } from '../running-service.ts';
import type { DeploymentOptions } from '../service-options.ts';
import { type DeadWebhook, matches, openWebhook } from './dead-webhook.ts';
import type { WebhookFilterOptions } from './options.ts';

/** The dead-lettered webhooks of a service, and the queue to put them back into. */
export interface WebhookService {
  readonly deadLetters: WalkedQueue;
  readonly queue: RefilledQueue;
  /** In the records of requests. */
  readonly states: WebhookStates;
}

/**
 * Opens the webhooks in a file, or of the service that the options name.
 * @throws DeploymentUnknown; ConfigurationError if there is no such file
 */
export async function openWebhookService(
  { file, ...options }: DeploymentOptions & Pick<WebhookFilterOptions, 'file'>,
  signal: AbortSignal,
): Promise<WebhookService & AsyncDisposable> {
  if (file !== undefined) return openFile(file);
  if (await chosenService(options)) return openFile(serviceFile(dataFolder()));
  return openDeployed(await findDeployment({ ...options, signal, note }));
}

async function openFile(path: string): Promise<WebhookService & AsyncDisposable> {
  await access(path).catch((cause) => {
    throw new ConfigurationError(
      `There is no file ${path}: --file takes the SQLite file of a worker's records`,
      {
        cause,
      },
    );
  });
  const file = await SqliteFile.open(path);
  return {
    deadLetters: new FileQueue(file, QUEUES.webhookDeadLetters),
    queue: new FileQueue(file, QUEUES.webhooks),
    states: new SqliteWebhookStates(file),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

/** Opens the queues that a deployment's outputs name. @throws DeploymentUnknown */
async function openDeployed(deployment: Deployment): Promise<WebhookService & AsyncDisposable> {
  const url = deployment('WebhookDeadLetterQueueUrl');
  const aws = await awsOfQueue(url);
  const sqs = sqsClient(aws);
  return {
    deadLetters: new DeadLetterQueue(sqs, url),
    queue: new SqsSender(sqs, deployment('WebhookQueueUrl')),
    states: new DynamoDbWebhookStates(new DynamoDBClient(aws), deployment('RequestTableName')),
    [Symbol.asyncDispose]: async () => {},
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
  queue: WalkedQueue,
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
