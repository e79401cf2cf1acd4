/**
 * Pauses a processor's event source at the request of its instances, and resumes it.
 */

import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { queueClient } from '../../lib/aws/clients.ts';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsPauses } from '../../lib/aws/sqs-pauses.ts';
import { readBreakerEnvironment } from '../../lib/core/config/breaker-environment.ts';
import { METRIC_NAMESPACE } from '../../lib/core/config/metric-names.ts';
import type { Settlement } from '../../lib/core/model/disposition.ts';
import { settleBatch } from '../../lib/lambda/batch-response.ts';
import { Breaker } from '../../lib/lambda/event-source-pauser.ts';
import { LambdaEventSource, lambdaClient } from '../../lib/lambda/lambda-event-source.ts';
import { PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

const powertools = new Logger();
const { serviceName, pauseQueueUrl, inputEventSource, metrics } = readBreakerEnvironment(process.env);
const figures = new Metrics({ namespace: METRIC_NAMESPACE, serviceName });
const queues = queueClient();
const logger = new PowertoolsLogger(powertools);
const source = new SqsMessages(queues, pauseQueueUrl);
const breaker = new Breaker({
  source: new LambdaEventSource(lambdaClient(), inputEventSource),
  queue: new SqsPauses(queues, pauseQueueUrl),
  metrics: {
    count: (name) => {
      if (metrics) figures.addMetric(name, MetricUnit.Count, 1);
    },
  },
  now: Date.now,
  logger,
});

/** Handles a batch of pause and resume messages. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  powertools.addContext(context);
  const settlements: Settlement[] = [];
  // One after another: of several instances that ask for a pause at once the first gets it.
  for (const message of messagesOf(event).map((each) => source.receive(each))) {
    settlements.push([message, await breaker.run(message)]);
  }
  if (figures.hasStoredMetrics()) figures.publishStoredMetrics();
  return settleBatch(settlements, logger);
}
