/**
 * Pauses a processor's event sources at the request of its instances, and resumes them.
 */

import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { queueClient } from '../../lib/aws/clients.ts';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsPauses } from '../../lib/aws/sqs-pauses.ts';
import { readBreakerEnvironment } from '../../lib/core/config/breaker-environment.ts';
import { METRIC_NAMESPACE } from '../../lib/core/config/metric-names.ts';
import { leastAdvanced, type Settlement } from '../../lib/core/model/disposition.ts';
import { settleBatch } from '../../lib/lambda/batch-response.ts';
import { Breaker } from '../../lib/lambda/event-source-pauser.ts';
import { LambdaEventSource, lambdaClient } from '../../lib/lambda/lambda-event-source.ts';
import { PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

const powertools = new Logger();
const { serviceName, pauseQueueUrl, inputEventSources, metrics } = readBreakerEnvironment(process.env);
const figures = new Metrics({ namespace: METRIC_NAMESPACE, serviceName });
const queues = queueClient();
const logger = new PowertoolsLogger(powertools);
const source = new SqsMessages(queues, pauseQueueUrl);
const client = lambdaClient();
// Each source is paused and resumed by itself: an operator may have disabled one of them.
const breakers = inputEventSources.map(
  (id, index) =>
    new Breaker({
      source: new LambdaEventSource(client, id),
      queue: new SqsPauses(queues, pauseQueueUrl),
      metrics: {
        // A pause of all of them is one.
        count: (name) => {
          if (metrics && index === 0) figures.addMetric(name, MetricUnit.Count, 1);
        },
      },
      now: Date.now,
      logger,
    }),
);

/** Handles a batch of pause and resume messages. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  powertools.addContext(context);
  const settlements: Settlement[] = [];
  // One after another: of several instances that ask for a pause at once the first gets it.
  for (const message of messagesOf(event).map((each) => source.receive(each))) {
    const dispositions = await Promise.all(breakers.map((breaker) => breaker.run(message)));
    settlements.push([message, leastAdvanced(dispositions)]);
  }
  if (figures.hasStoredMetrics()) figures.publishStoredMetrics();
  return settleBatch(settlements, logger);
}
