import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type Alarm, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  FilterCriteria,
  FilterRule,
  Function as LambdaFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SQS_MAX_RETENTION_SECONDS } from '../core/config/aws-limits.ts';
import { writeOutboxFunctionEnvironment } from '../core/config/outbox-function-environment.ts';
import { DEFAULT_OUTBOX_KEY_PREFIX } from '../core/config/outbox-table.ts';
import { type ProcessorQueue, writeOtherProcessors } from '../core/config/processor-queues.ts';
import { having, objectOf, required, TEXT } from '../core/config/shape.ts';
import { SUBMISSION_TYPE } from '../core/wire/submission.ts';
import type { AsyncService } from './async-service.ts';
import { processorQueue } from './functions/api-environment.ts';
import { functionEnvironment } from './functions/function-environment.ts';
import { allowNetworkInterfaces } from './functions/network-interfaces.ts';
import { nodeFunctionProps } from './functions/node-function.ts';
import { OutboxRole } from './functions/outbox-role.ts';
import { ownFunctionCode } from './functions/own-function.ts';
import { acknowledge } from './observability/acknowledge.ts';
import { allowAlarmsToPublish } from './observability/alarm-topic.ts';
import { logGroupProps } from './observability/log-group-props.ts';
import { MINUTE_MAXIMUM, messagesIn, newAlarm } from './observability/new-alarm.ts';
import type { OutboxProps } from './outbox-props.ts';
import type { RelayedService } from './service-relay.ts';
import { assertProps } from './settings/assert-props.ts';
import { propsProblems, SERVICE } from './settings/cdk-shapes.ts';
import {
  isKnownTable,
  keyPrefixProblem,
  payloadAgeProblem,
  streamProblem,
  tableProblems,
} from './settings/outbox-problems.ts';
import { assertReachable } from './storage/assert-reachable.ts';
import { grantObjects } from './storage/grant-objects.ts';
import { grantKey, KEY_USES } from './storage/key-use.ts';
import { outboxTable } from './storage/outbox-table.ts';
import { encryptionOf } from './storage/queue-with-dead-letters.ts';
import { otherLaneUrls, requestQueuesOf } from './storage/request-lanes.ts';

const PROPS = objectOf<OutboxProps>({
  service: required(SERVICE),
  table: having('tableArn', 'a DynamoDB table of the CDK'),
  keyPrefix: TEXT,
});

/** A hundred rows of one ordering key are sent one after another. */
const TIMEOUT = Duration.seconds(60);

const MEMORY_MIB = 256;

/** Most rows of a batch. As many as Lambda takes by default; with large rows, 6 MB of them. */
const BATCH_SIZE = 100;

/**
 * How long Lambda repeats a batch that fails. A row stays in the table in any case, and is swept. With order, the rows behind one
 * that was given up would overtake it: so they wait nearly as long as the stream keeps them.
 */
const RETRIES = {
  standard: { retryAttempts: 100, maxRecordAge: Duration.hours(1) },
  ordered: { retryAttempts: 10_000, maxRecordAge: Duration.hours(23) },
};

/** How often the table is looked at for rows that the stream didn't deliver. */
const SWEEP_INTERVAL = Duration.minutes(15);

/** A row normally waits for less than a second. */
const MAX_LAG = Duration.minutes(5);

/**
 * Submits the requests that an application puts into a table in its own transactions of DynamoDB, with `DynamoDbOutbox` of
 * `coatcheck/outbox`: the change and the request are committed together, or neither is. A function takes the rows from the stream
 * of the table, sends them to the input queue and deletes them.
 */
export class Outbox extends Construct {
  /** The table of rows that aren't relayed yet: `table` if that is set. */
  readonly table: ITable;
  /** The function that relays the rows. Invoked with `{}`, it relays what was left in the table for 15 minutes, with order for a day. */
  readonly function: LambdaFunction;
  /** Receives rows that can't be relayed, and what Lambda says of batches that it gave up. */
  readonly failures: Queue;
  /** The alarms: on failures, and on rows that wait. */
  readonly alarms: readonly Alarm[];

  readonly #service: AsyncService;
  readonly #keyPrefix: string | undefined;
  readonly #payloadPrefix: string;
  readonly #role: OutboxRole;
  readonly #otherProcessors: ProcessorQueue[] = [];

  /** @throws ConfigurationError that names every problem, what is allowed and what to do */
  constructor(scope: Construct, id: string, given: OutboxProps) {
    super(scope, id);
    assertProps(this.node.path, propsProblems(PROPS, given));
    const { service, table, keyPrefix } = given;
    const relayed = service.relayed;
    const { props, settings } = relayed;
    this.#assertProps({ table, keyPrefix }, relayed);
    const { encryptionKey } = props;
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
    this.table = table ?? outboxTable(this, { encryptionKey, removalPolicy });
    const streamArn = this.table.tableStreamArn ?? '';
    this.failures = new Queue(this, 'Failures', {
      ...encryptionOf(encryptionKey),
      enforceSSL: true,
      retentionPeriod: Duration.seconds(SQS_MAX_RETENTION_SECONDS),
    });
    acknowledge(this.failures, {
      id: 'AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue of the stream.',
    });
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(props, removalPolicy));
    const { inputQueue, lanes } = service;
    this.#role = new OutboxRole(this, 'Role', {
      table: this.table,
      streamArn,
      failures: this.failures,
      inputQueues: requestQueuesOf(inputQueue, lanes),
      logGroup,
    });
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(props),
      code: ownFunctionCode('outbox'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      environment: functionEnvironment(
        settings.serviceName,
        writeOutboxFunctionEnvironment({
          outboxTable: this.table.tableName,
          failureQueueUrl: this.failures.queueUrl,
          inputQueueUrl: inputQueue.queueUrl,
          ...otherLaneUrls(lanes),
          topics: settings.topics,
          otherProcessors: [],
        }),
      ),
      role: this.#role,
      logGroup,
      applicationLogLevelV2: props.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    allowNetworkInterfaces(this.#role, props);
    this.function.addEventSourceMapping('Rows', {
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: BATCH_SIZE,
      // Several batches of a shard at a time would keep the order of each row only.
      parallelizationFactor: 1,
      filters: [INSERTED_ROWS],
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      ...RETRIES[settings.keepsOrder ? 'ordered' : 'standard'],
      // The CDK's SqsDlq allows more calls than Lambda makes.
      onFailure: { bind: () => ({ destination: this.failures.queueArn }) },
    });
    // In a table with other items, each look would read all of them.
    if (!table) {
      new Rule(this, 'Sweep', {
        description: `Relays what the stream of the outbox of ${settings.serviceName} did not deliver`,
        schedule: Schedule.rate(SWEEP_INTERVAL),
        targets: [new FunctionTarget(this.function)],
      });
    }
    this.alarms = [this.#onFailures(relayed), this.#onLag(relayed), this.#onErrors(relayed)];
    this.#notify(relayed);
    this.#service = service;
    this.#keyPrefix = table && (keyPrefix ?? DEFAULT_OUTBOX_KEY_PREFIX);
    this.#payloadPrefix = settings.prefixes.payloadPrefix;
    service.connectRelay(this);
    this.node.addValidation({
      validate: () => [
        ...(table ? tableProblems(table, settings) : []),
        ...this.#otherOutboxes().map(
          ({ node }) => `The table of ${this.node.path} must have one outbox, got ${node.path} as well`,
        ),
      ],
    });
  }

  /** Lets the function send to the queue of a service behind. The service calls it. */
  addProcessor(settings: RelayedService['settings'], inputQueue: AsyncService['inputQueue']): void {
    this.#otherProcessors.push(processorQueue(settings, inputQueue));
    const variables = Object.entries(writeOtherProcessors(this.#otherProcessors));
    for (const [name, value] of variables) this.function.addEnvironment(name, value);
    this.#role.allowSend(inputQueue);
  }

  /**
   * Grants permission to put requests into the outbox, and to upload large payloads. In a table with other items, only those keys
   * are allowed that begin with `keyPrefix`. Other items of your transactions need permissions of their own, for example
   * `dynamodb:ConditionCheckItem` for a `ConditionCheck`, which `grantWriteData` of a table doesn't include.
   * @throws ConfigurationError for a role of a stack in another account or region
   */
  grantPut(grantee: IGrantable): Grant {
    const { payloadBucket } = this.#service;
    const uploading = ['s3:PutObject', 's3:AbortMultipartUpload'];
    assertReachable(grantee, this.table, this.table.tableArn);
    return Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:PutItem'],
      resourceArns: [this.table.tableArn],
      ...(this.#keyPrefix !== undefined && {
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${this.#keyPrefix}*`] },
        },
      }),
    })
      .combine(grantKey(grantee, this.table.encryptionKey, KEY_USES.records))
      .combine(grantObjects(grantee, payloadBucket, uploading, [this.#payloadPrefix]))
      .combine(grantKey(grantee, payloadBucket.encryptionKey, KEY_USES.writeObjects));
  }

  #assertProps({ table, keyPrefix }: Omit<OutboxProps, 'service'>, { settings }: RelayedService): void {
    const problems = [
      table && streamProblem(table),
      keyPrefixProblem(keyPrefix, table),
      payloadAgeProblem(settings),
    ].filter((problem) => problem !== undefined);
    assertProps(this.node.path, problems);
    if (table && !isKnownTable(table)) {
      Annotations.of(this).addWarningV2(
        'coatcheck:outboxTable',
        "table isn't part of this app. Its owner must check that its keys are of the type S, and that its stream has new images.",
      );
    }
  }

  #onFailures({ settings }: RelayedService): Alarm {
    return newAlarm(this, 'OutboxFailures', messagesIn(this.failures), 1, [
      `Rows of the outbox of ${settings.serviceName} could not be relayed.`,
      'A message of the queue of failures is a row, with the reason as an attribute: correct it and put it into the table again.',
      'Or it names a batch that Lambda gave up: its rows are still in the table. Fix the cause, which the log of the function has. They',
      'are relayed by the next sweep, or if the table has other items, when the function is invoked with {}.',
    ]);
  }

  #onLag({ settings }: RelayedService): Alarm {
    const metric = this.function.metric('IteratorAge', MINUTE_MAXIMUM);
    const description = [
      `Rows of the outbox of ${settings.serviceName} wait for more than ${MAX_LAG.toMinutes()} minutes.`,
      'The input queue does not take them, or the function fails: its log says why. They are relayed when it works again.',
    ];
    return newAlarm(this, 'OutboxLag', metric, MAX_LAG.toMilliseconds(), description, {
      evaluationPeriods: 3,
      datapointsToAlarm: 3,
    });
  }

  #onErrors({ settings }: RelayedService): Alarm {
    const metric = this.function.metricErrors({ statistic: Stats.SUM, period: Duration.minutes(1) });
    return newAlarm(this, 'OutboxErrors', metric, 1, [
      `The function that relays the outbox of ${settings.serviceName} failed, or left rows in the table.`,
      'Its log says why. The rows are relayed when the cause is gone.',
    ]);
  }

  #notify({ props }: RelayedService): void {
    const topic = props.observability?.alarmTopic;
    if (!topic) return;
    allowAlarmsToPublish(this, topic);
    for (const alarm of this.alarms) alarm.addAlarmAction(new SnsAction(topic));
  }

  #otherOutboxes(): Outbox[] {
    const identity = (outbox: Outbox) => outbox.table.node.defaultChild ?? outbox.table;
    return this.node.root.node
      .findAll()
      .filter((construct) => construct instanceof Outbox)
      .filter((other) => other !== this && identity(other) === identity(this));
  }
}

/** Rows that are deleted or changed are none that are to be relayed. */
const INSERTED_ROWS = FilterCriteria.filter({
  eventName: FilterRule.isEqual('INSERT'),
  dynamodb: { NewImage: { type: { S: FilterRule.isEqual(SUBMISSION_TYPE) } } },
});
