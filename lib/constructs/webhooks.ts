import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ApplicationLogLevel, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
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
import { nodeFunctionProps } from './functions/node-function.ts';
import { ownFunctionCode } from './functions/own-function.ts';
import { WebhookRole } from './functions/webhook-role.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import { QueueWithDeadLetters } from './storage/queue-with-dead-letters.ts';
import type { WebhookProps } from './webhook-props.ts';

/** A batch is delivered at once, so this is one call's time and that of our own calls. */
const TIMEOUT = Duration.seconds(60);

/** A message is received again only when our side fails, a quarter of an hour later: that may last two hours. */
const MAX_RECEIVES = 8;

const MEMORY_MIB = 256;

/**
 * A tenth of what an account has unless AWS granted it more: receivers that take their time must not take it from the
 * processor and the HTTP API.
 */
const MAX_CONCURRENCY = 100;

/**
 * Half of them may look up hosts. With Node's four, two names whose servers don't answer would hold up all others, those
 * of AWS among them.
 * @see https://nodejs.org/api/dns.html#implementation-considerations
 */
const THREADS = 64;

/** A message waits for a quarter of an hour at most, then for two hours of failures, unless its function can't run. */
const RETENTION = Duration.days(4);

/** 33 bytes, since each four of these characters are three. */
const SECRET_LENGTH = 44;

/** All that may be in a generated secret and isn't in base64, and the two that are. */
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** How {@link Webhooks} are to be. */
export interface WebhooksSetup {
  readonly service: AsyncServiceProps;
  readonly webhooks: WebhookProps;
  readonly settings: ServiceSettings;
  readonly requestTable: ITable;
  readonly removalPolicy: RemovalPolicy;
}

/** Sends outcomes by HTTP: a queue of deliveries, the function that makes them, and schedules for later attempts. */
export class Webhooks extends Construct {
  /** Deliveries to be made. */
  readonly queue: Queue;
  /** Deliveries that were given up. */
  readonly deadLetterQueue: Queue;
  /** What deliveries are signed with. Yours, where you gave one. */
  readonly secret: ISecret;
  /** What makes them. */
  readonly function: LambdaFunction;
  /** The role of the function. */
  readonly role: WebhookRole;
  /** Where later attempts are scheduled. */
  readonly scheduleGroup: ScheduleGroup;

  constructor(scope: Construct, id: string, props: WebhooksSetup) {
    super(scope, id);
    const { service, webhooks, settings, requestTable, removalPolicy } = props;
    const { queue, deadLetterQueue } = new QueueWithDeadLetters(this, 'Deliveries', {
      retention: RETENTION,
      visibilityTimeout: Duration.seconds(VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT * TIMEOUT.toSeconds()),
      maxReceiveCount: MAX_RECEIVES,
    });
    this.secret = webhooks.secret ?? this.#generatedSecret(settings, removalPolicy);
    this.scheduleGroup = new ScheduleGroup(this, 'Schedules', { removalPolicy: RemovalPolicy.DESTROY });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: service.observability?.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy,
    });
    const scheduleRole = this.#scheduleRole(queue, deadLetterQueue);
    this.role = new WebhookRole(this, 'Role', {
      queue,
      deadLetterQueue,
      secret: this.secret,
      scheduleGroup: this.scheduleGroup,
      scheduleRole,
      requestTable,
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
        ...functionEnvironment(
          settings.serviceName,
          writeWebhookEnvironment({
            ...settings,
            webhookQueueUrl: queue.queueUrl,
            webhookQueueArn: queue.queueArn,
            webhookDeadLetterQueueUrl: deadLetterQueue.queueUrl,
            webhookDeadLetterQueueArn: deadLetterQueue.queueArn,
            webhookSecret: this.secret.secretArn,
            scheduleGroup: this.scheduleGroup.scheduleGroupName,
            scheduleRole: scheduleRole.roleArn,
            requestTable: requestTable.tableName,
          }),
        ),
      },
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    if (settings.tracing) traceActively(this.function, this.role);
    this.function.addEventSourceMapping('Deliveries', {
      eventSourceArn: queue.queueArn,
      batchSize: LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
      maxConcurrency: MAX_CONCURRENCY,
      reportBatchItemFailures: true,
    });
    this.queue = queue;
    this.deadLetterQueue = deadLetterQueue;
  }

  #generatedSecret({ serviceName }: ServiceSettings, removalPolicy: RemovalPolicy): Secret {
    return new Secret(this, 'Secret', {
      description: `Signs the webhooks of ${serviceName}`,
      generateSecretString: {
        secretStringTemplate: '{}',
        generateStringKey: 'current',
        passwordLength: SECRET_LENGTH,
        // Else punctuation is required, and none is left to take.
        excludePunctuation: true,
        // MiniStack overlooks that.
        excludeCharacters: PUNCTUATION,
      },
      removalPolicy,
    });
  }

  /** Only schedules of this group may be sent as it. */
  #scheduleRole(...queues: readonly Queue[]): Role {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': Stack.of(this).account,
            'aws:SourceArn': this.scheduleGroup.scheduleGroupArn,
          },
        },
      }),
    });
    const resources = queues.map(({ queueArn }) => queueArn);
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources }));
    return role;
  }
}
