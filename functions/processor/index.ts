/**
 * The package export `coatcheck`: defines processors and runs them as Lambda functions.
 */

import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbLoadLog } from '../../lib/aws/dynamodb-load-log.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { EventBridgeBus, type PutEvents } from '../../lib/aws/eventbridge-bus.ts';
import { lazy } from '../../lib/aws/lazy.ts';
import { LazyPayloadStore } from '../../lib/aws/lazy-payload-store.ts';
import { readMaxMessageBytes } from '../../lib/aws/sqs-max-message-bytes.ts';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { SqsPauses } from '../../lib/aws/sqs-pauses.ts';
import { METRIC_NAMESPACE } from '../../lib/core/config/metric-names.ts';
import { branded } from '../../lib/core/config/processor-brand.ts';
import { readEnvironment } from '../../lib/core/config/processor-environment.ts';
import type { TraceTarget } from '../../lib/core/config/settings.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import {
  defineProcessor,
  type Handler,
  type Processor,
  type ProcessorOptions,
} from '../../lib/core/processor/handler.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import { loadTracing } from '../../lib/lambda/load-tracing.ts';
import { PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { PowertoolsMetrics } from '../../lib/lambda/powertools-metrics.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';
import { traceInvocation } from '../../lib/lambda/trace-invocation.ts';

export {
  CoatcheckError,
  DownstreamUnavailable,
  type DownstreamUnavailableOptions,
  PermanentError,
  type PermanentErrorOptions,
  RetryLater,
} from '../../lib/core/base/errors.ts';
export type { ResponseLike } from '../../lib/core/base/web-bodies.ts';
export type { Logger } from '../../lib/core/ports/telemetry.ts';
export { type FromFetchOptions, fromFetch } from '../../lib/core/processor/from-fetch.ts';
export type {
  Handler,
  ProcessorOptions,
  ProcessorRequest,
  StreamOptions,
} from '../../lib/core/processor/handler.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

/** What runs a processor, and where its spans go. */
interface Running {
  readonly host: BatchHost;
  readonly source: SqsMessages;
  readonly tracing: TraceTarget;
  readonly logger: PowertoolsLogger;
}

/** A Lambda function for an SQS event source with partial batch responses. */
export type LambdaHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

/**
 * Turns a handler into a Lambda function. Export the function from the processor's file, which `AsyncService` deploys.
 *
 * A message is acknowledged once its outcome is published, whatever the outcome. It is delivered again if the handler
 * throws anything but a {@link PermanentError}.
 */
export function processor(handler: Handler): LambdaHandler;
export function processor<Schema extends StandardSchemaV1>(
  options: ProcessorOptions<Schema>,
  handler: Handler<StandardSchemaV1.InferOutput<Schema>>,
): LambdaHandler;
export function processor(...definition: [Handler] | [ProcessorOptions, Handler]): LambdaHandler {
  const defined = definition.length === 1 ? defineProcessor(definition[0]) : defineProcessor(...definition);
  const powertools = new Logger();
  let running: Running | undefined;
  const run: LambdaHandler = async (event, context) => {
    powertools.addContext(context);
    // Starts at the first event, so that a processor can be imported outside a deployment, as in its own tests.
    running ??= await runningOf(defined, powertools);
    const { host, source, tracing, logger } = running;
    const deadlineAt = Date.now() + context.getRemainingTimeInMillis();
    const messages = messagesOf(event, tracing === 'xray').map((message) => source.receive(message));
    return traceInvocation(tracing, context, logger, () => host.handle(messages, deadlineAt));
  };
  return branded(run, defined);
}

/** @throws ConfigurationError outside a deployment */
async function runningOf(definition: Processor, powertools: Logger): Promise<Running> {
  const environment = readEnvironment(process.env);
  const { serviceName, requestTable, measureLoad, metrics, tracing } = environment;
  const { outputQueueUrl, webhookQueueUrl, pauseQueueUrl, eventBusArn } = environment;
  const logger = new PowertoolsLogger(powertools);
  await loadTracing(tracing, serviceName, logger);
  const queues = queueClient();
  const records = recordClient();
  const engine = new Engine(definition, environment, {
    store: new LazyPayloadStore(environment.payloadBucket, environment.concurrency),
    records: new DynamoDbRecordStore(records, requestTable),
    output: new SqsOutputQueue(
      queues,
      outputQueueUrl,
      environment.outputMaxMessageBytes ?? (await readMaxMessageBytes(queues, outputQueueUrl, logger)),
    ),
    webhooks: webhookQueueUrl ? new SqsOutputQueue(queues, webhookQueueUrl) : undefined,
    pauses: pauseQueueUrl ? new SqsPauses(queues, pauseQueueUrl) : undefined,
    load: measureLoad ? new DynamoDbLoadLog(records, requestTable) : undefined,
    metrics: metrics
      ? new PowertoolsMetrics(new Metrics({ namespace: METRIC_NAMESPACE, serviceName }))
      : undefined,
    source: { system: 'aws_sqs', destination: nameOf(environment.inputQueueUrl) },
    failureBus: eventBusArn ? new EventBridgeBus(putEvents, eventBusArn) : undefined,
    logger,
    clock: Date,
    random: Math.random,
  });
  const deadLetters = new SqsOutputQueue(queues, environment.deadLetterQueueUrl);
  const source = new SqsMessages(queues, environment.inputQueueUrl, deadLetters);
  const { visibilityTimeoutSeconds } = environment;
  return {
    host: new BatchHost(engine, { visibilityTimeoutSeconds, now: Date.now, logger }),
    source,
    tracing,
    logger,
  };
}

/** The name of a queue, which is the end of its URL. */
function nameOf(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}

/** Loads EventBridge's client with the first event: few requests fail. */
const loadPutEvents = lazy(async () => {
  const { eventClient, putEventsBy } = await import('../../lib/aws/eventbridge-client.ts');
  return putEventsBy(eventClient());
});

const putEvents: PutEvents = async (entries) => (await loadPutEvents())(entries);
