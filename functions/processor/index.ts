/**
 * The package export `coatcheck`: defines processors and runs them as Lambda functions.
 */

import type { Logger } from '@aws-lambda-powertools/logger';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { sqsCapabilities } from '../../lib/aws/sqs-capabilities.ts';
import { readMaxReceives } from '../../lib/aws/sqs-max-receives.ts';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { branded } from '../../lib/core/config/processor-brand.ts';
import { readEnvironment } from '../../lib/core/config/processor-environment.ts';
import type { TraceTarget } from '../../lib/core/config/settings.ts';
import { Deadline } from '../../lib/core/engine/deadline.ts';
import type { RehearsalParts } from '../../lib/core/engine/rehearsal.ts';
import {
  isRehearsalEvent,
  type RehearsalEvent,
  type RehearsalResponse,
} from '../../lib/core/model/rehearsal-event.ts';
import {
  defineProcessor,
  type Handler,
  type Processor,
  type ProcessorOptions,
} from '../../lib/core/processor/handler.ts';
import { BatchHost } from '../../lib/lambda/batch-host.ts';
import { withFunctionVersion } from '../../lib/lambda/function-version.ts';
import { loadTracing } from '../../lib/lambda/load-tracing.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { type RequestQueue, requestsOf } from '../../lib/lambda/request-queues.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';
import { traceInvocation } from '../../lib/lambda/trace-invocation.ts';
import { openEngine } from './open-engine.ts';

export {
  CoatcheckError,
  DownstreamUnavailable,
  type DownstreamUnavailableOptions,
  PauseUntil,
  PermanentError,
  type PermanentErrorOptions,
  RetryLater,
} from '../../lib/core/base/errors.ts';
export type { ResponseLike } from '../../lib/core/base/web-bodies.ts';
export {
  type DynamoDbValue,
  type DynamoDbWrite,
  type HandlerWrites,
  type SqliteRow,
  type SqliteTransaction,
  type SqliteValue,
  type WriteRefusal,
  WritesRefused,
} from '../../lib/core/ports/handler-writes.ts';
export type { Logger } from '../../lib/core/ports/telemetry.ts';
export { type FromFetchOptions, fromFetch } from '../../lib/core/processor/from-fetch.ts';
export type {
  Handler,
  ProcessorOptions,
  ProcessorRequest,
  StreamOptions,
} from '../../lib/core/processor/handler.ts';
export { type ItemContext, type ItemHandler, inSequence } from '../../lib/core/processor/in-sequence.ts';
export { type ForwardOptions, forwardTo } from '../../lib/http/forward-to.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

/** What runs a processor, and where its spans go. */
interface Running {
  readonly host: BatchHost;
  readonly queues: readonly [RequestQueue, ...RequestQueue[]];
  readonly tracing: TraceTarget;
  readonly logger: PowertoolsLogger;
  readonly rehearsal: RehearsalParts;
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
export function processor<Schema extends StandardSchemaV1, Secret extends string = never>(
  options: ProcessorOptions<Schema, Secret>,
  handler: Handler<StandardSchemaV1.InferOutput<Schema>, Secret>,
): LambdaHandler;
export function processor(...definition: [Handler] | [ProcessorOptions, Handler]): LambdaHandler {
  const defined = definition.length === 1 ? defineProcessor(definition[0]) : defineProcessor(...definition);
  const powertools = createPowertools();
  let running: Running | undefined;
  function run(event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
  function run(event: RehearsalEvent, context: Context): Promise<RehearsalResponse>;
  async function run(event: SQSEvent | RehearsalEvent, context: Context) {
    powertools.addContext(context);
    // Starts at the first event, so that a processor can be imported outside a deployment, as in its own tests.
    running ??= await runningOf(defined, powertools);
    const { host, queues, tracing, logger, rehearsal } = running;
    const deadlineAt = Date.now() + context.getRemainingTimeInMillis();
    if (isRehearsalEvent(event)) {
      const { rehearseEvent } = await import('./rehearse-event.ts');
      using deadline = new Deadline(Date.now(), deadlineAt);
      return await traceInvocation(tracing, context, logger, () => rehearseEvent(event, rehearsal, deadline));
    }
    const messages = requestsOf(event, queues, tracing === 'xray');
    return traceInvocation(tracing, context, logger, () => host.handle(messages, deadlineAt));
  }
  return branded(run, defined);
}

/** @throws ConfigurationError outside a deployment */
async function runningOf(definition: Processor, powertools: Logger): Promise<Running> {
  const environment = withFunctionVersion(readEnvironment(process.env), process.env);
  const { serviceName, handlerVersion, tracing, visibilityTimeoutSeconds, inputQueueUrl } = environment;
  powertools.appendPersistentKeys({ handlerVersion });
  const logger = new PowertoolsLogger(powertools);
  await loadTracing(tracing, serviceName, logger);
  const { engine, ports, newEngine, queues, deadLetters } = await openEngine(definition, environment, logger);
  const maxDeliveries =
    environment.maxReceives ??
    (await readMaxReceives(queues, inputQueueUrl, environment.maxAttempts, logger));
  const capabilities = sqsCapabilities(inputQueueUrl, maxDeliveries);
  const queueAt = (url: string) => ({
    url,
    messages: new SqsMessages(queues, url, deadLetters, capabilities),
  });
  const { highInputQueueUrl, lowInputQueueUrl } = environment;
  return {
    host: new BatchHost(engine, { visibilityTimeoutSeconds, now: Date.now, logger }),
    queues: [
      queueAt(inputQueueUrl),
      ...(highInputQueueUrl ? [{ ...queueAt(highInputQueueUrl), lane: 'high' as const }] : []),
      ...(lowInputQueueUrl ? [{ ...queueAt(lowInputQueueUrl), lane: 'low' as const }] : []),
    ],
    tracing,
    logger,
    rehearsal: { settings: environment, ports, newEngine, source: capabilities },
  };
}
