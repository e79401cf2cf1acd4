import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { ApplicationLogLevel, type IEventSource, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LAMBDA_MAX_BATCH_WITHOUT_WINDOW } from '../core/config/aws-limits.ts';
import { type ProcessorQueue, writeOtherProcessors } from '../core/config/processor-queues.ts';
import { writeRelayEnvironment } from '../core/config/relay-environment.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { processorQueue } from './functions/api-environment.ts';
import { functionEnvironment } from './functions/function-environment.ts';
import { allowNetworkInterfaces } from './functions/network-interfaces.ts';
import { nodeFunctionProps } from './functions/node-function.ts';
import { ownFunctionCode } from './functions/own-function.ts';
import { RelayRole } from './functions/relay-role.ts';
import { logGroupProps } from './observability/log-group-props.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import type { QueueWithDeadLettersProps } from './storage/queue-with-dead-letters.ts';

/** A batch is at most 6 MB. With sources whose messages are large, each is a call to S3. */
const TIMEOUT = Duration.seconds(60);

const MEMORY_MIB = 256;

/** The queue of uploads whose keys aren't known yet. Six timeouts leave room for throttled invocations, as AWS recommends. */
export const UPLOADS_QUEUE: QueueWithDeadLettersProps = {
  retention: Duration.days(4),
  visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
  maxReceiveCount: 100,
};

/** Configures a {@link MessageRelay}. */
export interface MessageRelaySetup {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly sources: readonly IEventSource[];
  /** S3's notifications of uploads; undefined if S3 sends them to the input queue. */
  readonly uploads: IQueue | undefined;
  readonly inputQueue: IQueue;
  readonly payloadBucket: IBucket;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The function that relays messages of other queue systems to the input queue. Lambda's event sources for Kafka and
 * RabbitMQ have neither delays nor, mostly, partial responses: a failed message would hold up its partition or repeat its
 * batch. In the input queue, each message has its own retries.
 */
export class MessageRelay extends Construct {
  readonly function: LambdaFunction;
  readonly role: RelayRole;
  readonly #otherProcessors: ProcessorQueue[] = [];

  constructor(scope: Construct, id: string, props: MessageRelaySetup) {
    super(scope, id);
    const { service, settings, sources, uploads, inputQueue, payloadBucket, removalPolicy } = props;
    const { payloadPrefix, uploadPrefix } = settings.prefixes;
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, removalPolicy));
    this.role = new RelayRole(this, 'Role', { inputQueue, payloadBucket, payloadPrefix, logGroup });
    if (uploads) this.role.allowUploads(uploads, payloadBucket, uploadPrefix);
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      code: ownFunctionCode('relay'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      environment: functionEnvironment(
        settings.serviceName,
        writeRelayEnvironment({
          inputQueueUrl: inputQueue.queueUrl,
          topics: settings.topics,
          otherProcessors: [],
          payloadBucket: payloadBucket.bucketName,
          payloadPrefix,
        }),
      ),
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    allowNetworkInterfaces(this.role, service);
    for (const source of sources) this.function.addEventSource(source);
    if (uploads) {
      this.function.addEventSourceMapping('Uploads', {
        eventSourceArn: uploads.queueArn,
        batchSize: LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
      });
    }
  }

  /** Lets the function relay to the queue of a service behind. */
  addProcessor(settings: ServiceSettings, inputQueue: IQueue): void {
    this.#otherProcessors.push(processorQueue(settings, inputQueue));
    const variables = Object.entries(writeOtherProcessors(this.#otherProcessors));
    for (const [name, value] of variables) this.function.addEnvironment(name, value);
    this.role.allowRelay(inputQueue);
  }
}
