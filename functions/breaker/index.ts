/**
 * Pauses a processor's event sources at the request of its instances or of an operator, and resumes them.
 */

import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsPauses } from '../../lib/aws/sqs-pauses.ts';
import { readBreakerEnvironment } from '../../lib/core/config/breaker-environment.ts';
import { METRIC_NAMESPACE } from '../../lib/core/config/metric-names.ts';
import { leastAdvanced, type Settlement } from '../../lib/core/model/disposition.ts';
import { settleBatch } from '../../lib/lambda/batch-response.ts';
import { Breaker } from '../../lib/lambda/event-source-pauser.ts';
import { LambdaEventSource, lambdaClient } from '../../lib/lambda/lambda-event-source.ts';
import { OperatorPauseSwitch } from '../../lib/lambda/operator-pause-switch.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

const powertools = createPowertools();
const environment = readBreakerEnvironment(process.env);
const { serviceName, pauseQueueUrl, inputEventSources, otherEventSources, requestTable, metrics } =
  environment;
const figures = new Metrics({ namespace: METRIC_NAMESPACE, serviceName });
const queues = queueClient();
const logger = new PowertoolsLogger(powertools);
const source = new SqsMessages(queues, pauseQueueUrl);
const queue = new SqsPauses(queues, pauseQueueUrl);
const client = lambdaClient();
const own = inputEventSources.map((id) => new LambdaEventSource(client, id));
// Each source is paused and resumed by itself: an operator may have disabled one of them.
const breakers = own.map(
  (eventSource, index) =>
    new Breaker({
      source: eventSource,
      queue,
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
const operators = new OperatorPauseSwitch({
  sources: [...own, ...otherEventSources.map((id) => new LambdaEventSource(client, id))],
  pauses: {
    // The client of the table is loaded only if an operator pauses processing.
    read: async () => {
      const { DynamoDbOperatorPauses } = await import('../../lib/aws/dynamodb-operator-pauses.ts');
      return new DynamoDbOperatorPauses(recordClient(), requestTable).read();
    },
  },
  queue,
  now: Date.now,
  logger,
});

/** Handles a batch of messages. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  powertools.addContext(context);
  const settlements: Settlement[] = [];
  // One after another: of several instances that ask for a pause at once the first gets it.
  for (const message of messagesOf(event).map((each) => source.receive(each))) {
    const dispositions = await Promise.all([...breakers, operators].map((each) => each.run(message)));
    settlements.push([message, leastAdvanced(dispositions)]);
  }
  if (figures.hasStoredMetrics()) figures.publishStoredMetrics();
  return settleBatch(settlements, logger);
}
