import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { ApplicationLogLevel, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
  VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT,
} from '../core/config/aws-limits.ts';
import { writeWebhookEnvironment } from '../core/config/webhook-environment.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { traceActively } from './functions/active-tracing.ts';
import { functionEnvironment } from './functions/function-environment.ts';
import { allowNetworkInterfaces } from './functions/network-interfaces.ts';
import { nodeFunctionProps } from './functions/node-function.ts';
import { ownFunctionCode } from './functions/own-function.ts';
import { ScheduleRole } from './functions/schedule-role.ts';
import { WebhookRole } from './functions/webhook-role.ts';
import { logGroupProps } from './observability/log-group-props.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import { QueueWithDeadLetters } from './storage/queue-with-dead-letters.ts';
import type { WebhookProps } from './webhook-props.ts';

/** The deliveries of a batch are concurrent, so this covers one delivery and the calls to AWS. */
const TIMEOUT = Duration.seconds(60);

/**
 * A message is received again, after 15 minutes, only if AWS or the function fails. This covers two hours of
 * failures.
 */
const MAX_RECEIVES = 8;

const MEMORY_MIB = 256;

/**
 * A tenth of the usual concurrency of an account, so that slow receivers leave enough to the processor and the HTTP
 * API.
 */
const MAX_CONCURRENCY = 100;

/**
 * Half of the threads may resolve host names. With Node's default of four, two names whose servers don't answer would
 * block all other lookups, including those of AWS.
 * @see https://nodejs.org/api/dns.html#implementation-considerations
 */
const THREADS = 64;

/** A message waits for at most 15 minutes, plus two hours of failures, unless the function can't run. */
const RETENTION = Duration.days(4);

/** In characters. Four characters of base64 are three bytes, so this makes 33 bytes. */
const SECRET_LENGTH = 44;

/** The punctuation that a generated secret must not contain, including the + and / of base64. */
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** Configures {@link Webhooks}. */
export interface WebhooksSetup {
  readonly service: AsyncServiceProps;
  readonly webhooks: WebhookProps;
  readonly settings: ServiceSettings;
  readonly requestTable: ITable;
  /** The event bus for failure events; undefined without them. */
  readonly failureBus: IEventBus | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/** Sends outcomes by HTTP: a queue of deliveries, the function that sends them, and schedules for retries. */
export class Webhooks extends Construct {
  /** The queue of deliveries. */
  readonly queue: Queue;
  /** The queue of failed deliveries. */
  readonly deadLetterQueue: Queue;
  /** The signing secret: `webhooks.secret` if set. */
  readonly secret: ISecret;
  /** The function that sends the deliveries. */
  readonly function: LambdaFunction;
  /** The role of the function. */
  readonly role: WebhookRole;
  /** The group of the schedules for retries. */
  readonly scheduleGroup: ScheduleGroup;

  constructor(scope: Construct, id: string, props: WebhooksSetup) {
    super(scope, id);
    const { service, webhooks, settings, requestTable, failureBus, removalPolicy } = props;
    const { queue, deadLetterQueue } = new QueueWithDeadLetters(this, 'Deliveries', {
      retention: RETENTION,
      visibilityTimeout: Duration.seconds(VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT * TIMEOUT.toSeconds()),
      maxReceiveCount: MAX_RECEIVES,
      encryptionKey: service.encryptionKey,
    });
    this.secret = webhooks.secret ?? this.#generatedSecret(settings, service.encryptionKey, removalPolicy);
    this.scheduleGroup = new ScheduleGroup(this, 'Schedules', { removalPolicy: RemovalPolicy.DESTROY });
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, removalPolicy));
    const scheduleRole = new ScheduleRole(this, 'ScheduleRole', this.scheduleGroup);
    scheduleRole.allowSend(queue, deadLetterQueue);
    this.role = new WebhookRole(this, 'Role', {
      queue,
      deadLetterQueue,
      secret: this.secret,
      scheduleGroup: this.scheduleGroup,
      scheduleRole,
      requestTable,
      endpoints: settings.webhookEndpoints,
      failureBus,
      logGroup,
    });
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      code: ownFunctionCode('webhook'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      environment: {
        UV_THREADPOOL_SIZE: String(THREADS),
        ...settings.tracing?.variables,
        ...functionEnvironment(
          settings.serviceName,
          writeWebhookEnvironment({
            ...settings,
            tracing: settings.tracing?.target ?? 'off',
            webhookQueueUrl: queue.queueUrl,
            webhookQueueArn: queue.queueArn,
            webhookDeadLetterQueueUrl: deadLetterQueue.queueUrl,
            webhookDeadLetterQueueArn: deadLetterQueue.queueArn,
            webhookSecret: this.secret.secretArn,
            scheduleGroup: this.scheduleGroup.scheduleGroupName,
            scheduleRole: scheduleRole.roleArn,
            requestTable: requestTable.tableName,
            eventBusArn: failureBus?.eventBusArn ?? '',
          }),
        ),
      },
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    allowNetworkInterfaces(this.role, service);
    if (settings.tracing?.target === 'xray') traceActively(this.function, this.role);
    this.function.addEventSourceMapping('Deliveries', {
      eventSourceArn: queue.queueArn,
      batchSize: LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
      maxConcurrency: MAX_CONCURRENCY,
      reportBatchItemFailures: true,
    });
    this.queue = queue;
    this.deadLetterQueue = deadLetterQueue;
  }

  #generatedSecret(
    { serviceName }: ServiceSettings,
    encryptionKey: IKey | undefined,
    removalPolicy: RemovalPolicy,
  ): Secret {
    return new Secret(this, 'Secret', {
      encryptionKey,
      description: `Signs the webhooks of ${serviceName}`,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'current',
        passwordLength: SECRET_LENGTH,
        // Otherwise Secrets Manager requires punctuation, and none is allowed.
        excludePunctuation: true,
        // MiniStack ignores excludePunctuation.
        excludeCharacters: PUNCTUATION,
      },
      removalPolicy,
    });
  }
}
