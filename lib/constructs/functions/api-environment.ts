import { Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { type ApiEnvironment, writeApiEnvironment } from '../../core/config/api-environment.ts';
import { eventSourceScaling } from '../../core/config/event-source-scaling.ts';
import type { ProcessorQueue } from '../../core/config/processor-queues.ts';
import { givenNumbers } from '../../core/config/service-setting.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import type { ApiAuth } from '../api-auth.ts';
import type { FargateSettings } from '../settings/fargate-settings.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { otherLaneUrls, type RequestLanes } from '../storage/request-lanes.ts';
import { functionEnvironment } from './function-environment.ts';

/** The resources that schedule requests. */
export interface ScheduleResources {
  readonly scheduleGroup: IScheduleGroup;
  /** The role with which EventBridge Scheduler sends to input queues, and invokes the function. */
  readonly role: IRole;
  readonly deadLetterQueue: IQueue;
  /** The function that submits the requests of recurring schedules. */
  readonly function: IFunction;
}

/** The resources that end batches. */
export interface BatchResources {
  readonly scheduleGroup: IScheduleGroup;
  /** The role with which EventBridge Scheduler invokes the function. */
  readonly role: IRole;
  /** The function that counts the requests of batches and ends them. */
  readonly function: IFunction;
}

/** The resources that do the steps of actions. */
export interface ActionResources {
  readonly scheduleGroup: IScheduleGroup;
  /** The role with which EventBridge Scheduler invokes the function. */
  readonly role: IRole;
  /** The function that does the steps of actions. */
  readonly function: IFunction;
  readonly deadLetterQueue: IQueue;
  /** The processor's function, or its alias, which rehearses dead letters; undefined if it isn't on Lambda. */
  readonly rehearsalFunction: IFunction | undefined;
}

/** The resources that the HTTP API uses. */
export interface ApiResources {
  readonly payloadBucket: IBucket;
  readonly inputQueue: IQueue;
  /** The queues of requests of other priorities; undefined without them. */
  readonly lanes: RequestLanes | undefined;
  /** The queue of webhook deliveries; undefined without webhooks. */
  readonly webhookQueue?: IQueue;
  /** The secret from which those of webhook endpoints are derived; undefined without endpoints. */
  readonly webhookSecret?: ISecret;
  /** The secret with the keys of receipts; undefined without receipts. */
  readonly receiptSecret?: ISecret;
  /** What schedules requests; undefined if requests start at most 15 minutes later. */
  readonly schedules?: ScheduleResources;
  /** What ends batches; undefined if the API has none. */
  readonly batches?: BatchResources;
  /** What does the steps of actions; undefined if the API has none. */
  readonly actions?: ActionResources;
  /** Whether the API reads the metrics of the service. @default false */
  readonly activity?: boolean;
  /** The queue of the function that pauses processing; undefined if nothing can. */
  readonly pauseQueue?: IQueue;
  readonly requestTable: ITable;
  /** The beginning of the names of the alarms, and the hashes of their logical ids. */
  readonly alarmPrefix: string;
  readonly alarmHashes: readonly string[];
}

type AssumedSlots = Pick<ApiEnvironment, 'firstSlots' | 'reachableSlots'>;

/** The environment variables of the API's function. */
export function apiEnvironment(
  settings: ServiceSettings,
  auth: ApiAuth,
  {
    payloadBucket,
    inputQueue,
    lanes,
    webhookQueue,
    webhookSecret,
    receiptSecret,
    schedules,
    batches,
    actions,
    activity = false,
    pauseQueue,
    requestTable,
    alarmPrefix,
    alarmHashes,
  }: ApiResources,
): Record<string, string> {
  const variables = writeApiEnvironment({
    ...settings,
    ...settings.prefixes,
    tracing: settings.tracing?.target ?? 'off',
    inputQueueUrl: inputQueue.queueUrl,
    ...otherLaneUrls(lanes),
    webhookQueueUrl: webhookQueue?.queueUrl ?? '',
    webhookSecret: webhookSecret?.secretArn ?? '',
    receiptSecret: receiptSecret?.secretArn ?? '',
    scheduleGroup: schedules?.scheduleGroup.scheduleGroupName ?? '',
    scheduleRole: schedules?.role.roleArn ?? '',
    scheduleDeadLetterQueueArn: schedules?.deadLetterQueue.queueArn ?? '',
    scheduleFunctionArn: schedules?.function.functionArn ?? '',
    batchGroup: batches?.scheduleGroup.scheduleGroupName ?? '',
    batchRole: batches?.role.roleArn ?? '',
    batchFunctionArn: batches?.function.functionArn ?? '',
    deadLetterQueueUrl: actions?.deadLetterQueue.queueUrl ?? '',
    actionGroup: actions?.scheduleGroup.scheduleGroupName ?? '',
    actionRole: actions?.role.roleArn ?? '',
    actionFunctionArn: actions?.function.functionArn ?? '',
    rehearsalFunctionArn: actions?.rehearsalFunction?.functionArn ?? '',
    activity,
    givenNumbers: shownNumbers(settings),
    alarmPrefix,
    alarmHashes,
    pauseQueueUrl: pauseQueue?.queueUrl ?? '',
    payloadBucket: payloadBucket.bucketName,
    requestTable: requestTable.tableName,
    auth: auth.name,
    tenantClaim: auth.tenantClaim,
    operatorClaim: auth.operators?.claim ?? '',
    operatorValue: auth.operators?.value ?? '',
    otherProcessors: [],
    ...slotsOf(settings),
  });
  return functionEnvironment(settings.serviceName, variables);
}

/** The queue of a service behind a front door, for the functions of the front door. It is in their stack. */
export function processorQueue(settings: ServiceSettings, inputQueue: IQueue): ProcessorQueue {
  const { serviceName, topics, timeoutSeconds, acceptsMinVersion } = settings;
  return {
    inputQueueName: inputQueue.queueName,
    topics,
    timeoutSeconds: known(timeoutSeconds, 'timeoutSeconds'),
    acceptsMinVersion,
    loadName: serviceName,
    ...slotsOf(settings),
  };
}

function slotsOf(settings: ServiceSettings): AssumedSlots {
  return settings.fargate ? taskSlots(settings.fargate) : batchSlots(settings);
}

/** The first task starts for the first request. */
function taskSlots({ concurrency, minTasks, maxTasks }: FargateSettings): AssumedSlots {
  return { firstSlots: Math.max(minTasks, 1) * concurrency, reachableSlots: maxTasks * concurrency };
}

/**
 * The number of requests handled concurrently at first, and a minute later. Uses the minimum of a setting that is only
 * known at deployment.
 */
function batchSlots({ batchSize, concurrency, maxConcurrency, pollers }: ServiceSettings): AssumedSlots {
  const { firstBatches, moreBatchesAMinute, maxBatches } = eventSourceScaling({
    pollers,
    maxConcurrency: known(maxConcurrency, 'maxConcurrency'),
  });
  const perBatch = Math.min(known(concurrency, 'concurrency'), known(batchSize, 'batchSize'));
  return {
    firstSlots: Math.min(firstBatches, maxBatches) * perBatch,
    reachableSlots: Math.min(firstBatches + moreBatchesAMinute, maxBatches) * perBatch,
  };
}

function known(
  value: number,
  name: 'batchSize' | 'concurrency' | 'maxConcurrency' | 'timeoutSeconds',
): number {
  return Token.isUnresolved(value) ? NUMBER_SETTINGS[name].min : value;
}

/** What operators see of the settings. Those that are known at deployment only are left out. */
function shownNumbers({ pollers, fargate, ...settings }: ServiceSettings): Record<string, number> {
  const numbers = {
    ...givenNumbers({ ...settings, minPollers: pollers?.min, maxPollers: pollers?.max }),
    ...(fargate && fargateNumbers(fargate)),
  };
  return Object.fromEntries(Object.entries(numbers).filter(([, number]) => !Token.isUnresolved(number)));
}

function fargateNumbers({
  concurrency,
  minTasks,
  maxTasks,
  targetWaitSeconds,
  stopSeconds,
}: FargateSettings): Record<string, number> {
  return { concurrency, minTasks, maxTasks, targetWaitSeconds, stopSeconds };
}
