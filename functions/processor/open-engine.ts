import { Metrics } from '@aws-lambda-powertools/metrics';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbLimitStore } from '../../lib/aws/dynamodb-limit-store.ts';
import { DynamoDbLoadLog } from '../../lib/aws/dynamodb-load-log.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { EventBridgeBus } from '../../lib/aws/eventbridge-bus.ts';
import { lazyPayloadStore } from '../../lib/aws/lazy-payload-store.ts';
import { lazyPutEvents } from '../../lib/aws/lazy-put-events.ts';
import { readMaxMessageBytes } from '../../lib/aws/sqs-max-message-bytes.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { SqsPauses } from '../../lib/aws/sqs-pauses.ts';
import type { EngineSettings } from '../../lib/core/config/engine-settings.ts';
import { METRIC_NAMESPACE, VERSION_DIMENSION } from '../../lib/core/config/metric-names.ts';
import type { ProcessorEnvironment } from '../../lib/core/config/processor-environment.ts';
import { NO_OUTPUT_URL } from '../../lib/core/config/settings.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { EnginePorts } from '../../lib/core/engine/engine-ports.ts';
import type { OutputQueue } from '../../lib/core/ports/message-sink.ts';
import type { SecretSource } from '../../lib/core/ports/secrets.ts';
import type { Logger } from '../../lib/core/ports/telemetry.ts';
import type { Processor } from '../../lib/core/processor/handler.ts';
import { NO_OUTPUT } from '../../lib/core/wire/no-output.ts';
import { publishedVersion } from '../../lib/lambda/function-version.ts';
import { PowertoolsMetrics } from '../../lib/lambda/powertools-metrics.ts';

/** An engine on the resources of a deployment. */
export interface DeployedEngine {
  readonly engine: Engine;
  readonly ports: EnginePorts;
  /** Makes an engine of the same processor. */
  readonly newEngine: (settings: EngineSettings, ports: EnginePorts) => Engine;
  /** The client of its queues. */
  readonly queues: ReturnType<typeof queueClient>;
  /** The dead-letter queue of its input queue. */
  readonly deadLetters: SqsOutputQueue;
}

/** Opens the engine of a deployed processor, on any host. */
export async function openEngine(
  definition: Processor,
  environment: ProcessorEnvironment,
  logger: Logger,
): Promise<DeployedEngine> {
  const { requestTable, webhookQueueUrl, pauseQueueUrl, eventBusArn, serviceName, frontServiceName } =
    environment;
  const secrets = await openSecrets(definition, environment, logger);
  const queues = queueClient();
  const records = recordClient();
  const ports: EnginePorts = {
    store: lazyPayloadStore(environment.payloadBucket, environment.concurrency),
    records: new DynamoDbRecordStore(records, requestTable),
    output: await openOutput(environment, queues, logger),
    webhooks: webhookQueueUrl ? new SqsOutputQueue(queues, webhookQueueUrl) : undefined,
    webhookEndpoints: environment.webhookEndpoints
      ? (await import('./open-endpoints.ts')).openEndpoints(records, requestTable)
      : undefined,
    pauses: pauseQueueUrl ? new SqsPauses(queues, pauseQueueUrl) : undefined,
    limits: new DynamoDbLimitStore(records, requestTable, frontServiceName && serviceName),
    load: environment.measureLoad
      ? new DynamoDbLoadLog(records, requestTable, frontServiceName && serviceName)
      : undefined,
    metrics: environment.metrics ? metricsOf(environment) : undefined,
    secrets,
    source: { system: 'aws_sqs', destination: nameOf(environment.inputQueueUrl) },
    failureBus: eventBusArn ? new EventBridgeBus(lazyPutEvents, eventBusArn) : undefined,
    logger,
    clock: Date,
    random: Math.random,
  };
  const newEngine: DeployedEngine['newEngine'] = (...parts) => new Engine(definition, ...parts);
  return {
    engine: newEngine(environment, ports),
    ports,
    newEngine,
    queues,
    deadLetters: new SqsOutputQueue(queues, environment.deadLetterQueueUrl),
  };
}

/** SNS's client is loaded only where outcomes fan out. */
async function openOutput(
  { outputQueueUrl, outputTopicArn, outputMaxMessageBytes }: ProcessorEnvironment,
  queues: DeployedEngine['queues'],
  logger: Logger,
): Promise<OutputQueue> {
  if (outputTopicArn) {
    const { SnsOutputTopic, topicClient } = await import('../../lib/aws/sns-output-topic.ts');
    return new SnsOutputTopic(topicClient(), outputTopicArn);
  }
  if (outputQueueUrl === NO_OUTPUT_URL) return NO_OUTPUT;
  const maxMessageBytes =
    outputMaxMessageBytes ?? (await readMaxMessageBytes(queues, outputQueueUrl, logger));
  return new SqsOutputQueue(queues, outputQueueUrl, maxMessageBytes);
}

/** Starts to read the secrets, so that the first attempt waits less. Their client is loaded only if there are any. */
async function openSecrets(
  { secrets: names = [] }: Processor,
  { secretIds }: ProcessorEnvironment,
  logger: Logger,
): Promise<SecretSource | undefined> {
  if (names.length === 0) return undefined;
  const [{ SecretsManagerSecrets }, { secretsClient }] = await Promise.all([
    import('../../lib/aws/secrets-manager-secrets.ts'),
    import('../../lib/aws/secrets-client.ts'),
  ]);
  const secrets = new SecretsManagerSecrets(names, secretIds, {
    client: secretsClient(),
    logger,
    now: Date.now,
  });
  // The attempts report the error.
  secrets.read().catch(() => {});
  return secrets;
}

function metricsOf({ serviceName }: ProcessorEnvironment): PowertoolsMetrics {
  const version = publishedVersion(process.env);
  const options = { namespace: METRIC_NAMESPACE, serviceName };
  return new PowertoolsMetrics(
    new Metrics(options),
    version === undefined
      ? undefined
      : new Metrics({ ...options, defaultDimensions: { [VERSION_DIMENSION]: version } }),
  );
}

/** The name of a queue, which is the end of its URL. */
function nameOf(queueUrl: string): string {
  return queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
}
