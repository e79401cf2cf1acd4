/**
 * Delivers webhooks.
 */

import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbWebhookStates } from '../../lib/aws/dynamodb-webhook-states.ts';
import { lazy } from '../../lib/aws/lazy.ts';
import { schedulerClient } from '../../lib/aws/scheduler-client.ts';
import { SchedulerDelayedMessages } from '../../lib/aws/scheduler-delayed-messages.ts';
import { secretsClient } from '../../lib/aws/secrets-client.ts';
import { SecretsManagerWebhookSecrets } from '../../lib/aws/secrets-manager-webhook-secrets.ts';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsWebhookQueue } from '../../lib/aws/sqs-webhook-queue.ts';
import { readWebhookEnvironment } from '../../lib/core/config/webhook-environment.ts';
import { WebhookDeliverer } from '../../lib/core/webhooks/deliverer.ts';
import { HttpsSender } from '../../lib/http/webhook-sender.ts';
import { settleBatch } from '../../lib/lambda/batch-response.ts';
import { loadTracing } from '../../lib/lambda/load-tracing.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';
import { traceInvocation } from '../../lib/lambda/trace-invocation.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

const powertools = createPowertools();
const environment = readWebhookEnvironment(process.env);
const { webhookQueueUrl, webhookDeadLetterQueueUrl, webhookSecret } = environment;
const queues = queueClient();
const logger = new PowertoolsLogger(powertools);
const tracingLoaded = loadTracing(environment.tracing, environment.serviceName, logger);
const source = new SqsMessages(queues, webhookQueueUrl);
/** Resolves when what only some deployments need is loaded. */
const openDeliverer = lazy(
  async () =>
    new WebhookDeliverer({
      sender: new HttpsSender(environment),
      secrets: new SecretsManagerWebhookSecrets(webhookSecret, {
        client: secretsClient(),
        logger,
        now: Date.now,
      }),
      queue: new SqsWebhookQueue(queues, webhookQueueUrl),
      later: new SchedulerDelayedMessages(schedulerClient(), {
        ...environment,
        queueArn: environment.webhookQueueArn,
        deadLetterQueueArn: environment.webhookDeadLetterQueueArn,
      }),
      deadLetters: new SqsWebhookQueue(queues, webhookDeadLetterQueueUrl),
      states: new DynamoDbWebhookStates(recordClient(), environment.requestTable),
      endpoints: environment.webhookEndpoints
        ? (await import('./endpoint-health.ts')).openEndpointHealth(environment, logger)
        : undefined,
      logger,
      clock: Date,
      random: Math.random,
    }),
);

/** Delivers the webhooks of a batch of messages. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  powertools.addContext(context);
  const [deliverer] = await Promise.all([openDeliverer(), tracingLoaded]);
  const messages = messagesOf(event).map((message) => source.receive(message));
  return traceInvocation(environment.tracing, context, logger, async () => {
    const running = messages.map(async (message) => [message, await deliverer.run(message)] as const);
    return settleBatch(await Promise.all(running), logger);
  });
}
