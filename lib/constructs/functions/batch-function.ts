import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import {
  ApplicationLogLevel,
  FilterCriteria,
  FilterRule,
  Function as LambdaFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { writeBatchEnvironment } from '../../core/config/batch-environment.ts';
import { type ProcessorQueue, writeOtherProcessors } from '../../core/config/processor-queues.ts';
import { RECORD_BATCH } from '../../core/config/record-table.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { logGroupProps } from '../observability/log-group-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { otherLaneUrls } from '../storage/request-lanes.ts';
import { type ApiResources, processorQueue } from './api-environment.ts';
import { BatchRole } from './batch-role.ts';
import { functionEnvironment } from './function-environment.ts';
import { allowNetworkInterfaces } from './network-interfaces.ts';
import { nodeFunctionProps } from './node-function.ts';
import { ownFunctionCode } from './own-function.ts';

/** The longest that Lambda has: cancelling 1,000,000 requests, or writing their manifest, may take several invocations. */
const TIMEOUT = Duration.minutes(15);

const MEMORY_MIB = 512;

/** Changes in an invocation: they share the writes of counts. */
const CHANGES_TOGETHER = 1_000;

/** How long a change waits for others. */
const WINDOW = Duration.seconds(1);

/** Tries to count changes, over some hours, before they are given up: Lambda waits for a minute at most between two. */
const MAX_RETRIES = 100;

/** Configures a {@link BatchFunction}. */
export interface BatchFunctionProps extends Pick<ApiResources, 'inputQueue' | 'lanes'> {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly requestTable: ITable;
  /** Gets the manifests of batches, and has those that are imported. */
  readonly payloadBucket: IBucket;
  /** The ARN of the table's stream. */
  readonly streamArn: string;
  readonly scheduleGroup: IScheduleGroup;
  /** The queue of changes that could not be counted. */
  readonly deadLetterQueue: IQueue;
  /** The queue of webhook deliveries; undefined without webhooks. */
  readonly webhookQueue?: IQueue;
  readonly removalPolicy: RemovalPolicy;
}

/** The Lambda function that counts the requests of batches, ends batches, imports and writes manifests, and cancels requests. */
export class BatchFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: BatchRole;
  readonly #otherProcessors: ProcessorQueue[] = [];

  constructor(scope: Construct, id: string, props: BatchFunctionProps) {
    super(scope, id);
    const {
      service,
      settings,
      inputQueue,
      lanes,
      requestTable,
      payloadBucket,
      streamArn,
      scheduleGroup,
      deadLetterQueue,
      webhookQueue,
    } = props;
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, props.removalPolicy));
    this.role = new BatchRole(this, 'Role', { ...props, ...settings.prefixes, webhookQueue, logGroup });
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      code: ownFunctionCode('batch'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      // The timer of a batch fires again after a minute.
      retryAttempts: 0,
      environment: functionEnvironment(
        settings.serviceName,
        writeBatchEnvironment({
          ...settings,
          ...settings.prefixes,
          payloadBucket: payloadBucket.bucketName,
          requestTable: requestTable.tableName,
          scheduleGroup: scheduleGroup.scheduleGroupName,
          webhookQueueUrl: webhookQueue?.queueUrl ?? '',
          inputQueueUrl: inputQueue.queueUrl,
          ...otherLaneUrls(lanes),
          otherProcessors: [],
        }),
      ),
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    allowNetworkInterfaces(this.role, service);
    this.function.addEventSourceMapping('Changes', {
      eventSourceArn: streamArn,
      // Other changes invoke nothing, and cost nothing.
      filters: [
        FilterCriteria.filter({ dynamodb: { NewImage: { [RECORD_BATCH]: { S: FilterRule.exists() } } } }),
      ],
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: CHANGES_TOGETHER,
      maxBatchingWindow: WINDOW,
      bisectBatchOnError: true,
      retryAttempts: MAX_RETRIES,
      // Not SqsDlq, which allows more than sending.
      onFailure: { bind: () => ({ destination: deadLetterQueue.queueArn }) },
    });
  }

  /** Lets the function send to the queue of a service behind. */
  addProcessor(settings: ServiceSettings, inputQueue: IQueue): void {
    this.#otherProcessors.push(processorQueue(settings, inputQueue));
    const variables = Object.entries(writeOtherProcessors(this.#otherProcessors));
    for (const [name, value] of variables) this.function.addEnvironment(name, value);
    this.role.allowSubmit(inputQueue);
  }
}
