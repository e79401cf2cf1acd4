import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { STOP_RESERVE_SECONDS } from '../../core/config/fargate-settings.ts';
import { type ProcessorEnvironment, writeEnvironment } from '../../core/config/processor-environment.ts';
import { NO_OUTPUT_URL } from '../../core/config/settings.ts';
import { writeTaskEnvironment } from '../../core/config/task-environment.ts';
import type { FargateSettings } from '../settings/fargate-settings.ts';
import type { PayloadSource } from '../settings/payload-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { otherLaneUrls, type RequestLanes } from '../storage/request-lanes.ts';
import { functionEnvironment } from './function-environment.ts';

/** The resources that a processor uses. */
export interface ProcessorResources {
  readonly payloadBucket: IBucket;
  readonly inputQueue: IQueue;
  /** The queues of requests of other priorities; undefined without them. */
  readonly lanes: RequestLanes | undefined;
  /** After how many receives the input queue dead-letters by itself; undefined if that is unknown at deployment. */
  readonly maxReceives: number | undefined;
  /** Absent in a service without an output queue, and in one with a topic. */
  readonly outputQueue: IQueue | undefined;
  /** The MaximumMessageSize of the output queue; undefined if it is unknown at deployment. */
  readonly outputMaxMessageBytes: number | undefined;
  /** The topic of outcomes; undefined unless they fan out. */
  readonly outputTopic: ITopic | undefined;
  readonly deadLetterQueue: IQueue;
  readonly requestTable: ITable;
  /** The queue of webhook deliveries; undefined without webhooks. */
  readonly webhookQueue?: IQueue;
  /** The queue of requested pauses; undefined if pauses don't disable the event source. */
  readonly pauseQueue: IQueue | undefined;
  /** Locations of payloads outside the payload bucket. */
  readonly payloadSources: readonly PayloadSource[];
  /** The secrets of the handler by their names. */
  readonly secrets: Readonly<Record<string, ISecret>>;
  /** The name of the service that it is behind; empty for a service by itself. */
  readonly frontServiceName: string;
  /** The event bus for failure events; undefined without them. */
  readonly failureBus: IEventBus | undefined;
}

/** The environment variables of a processor in Lambda. */
export function processorEnvironment(
  settings: ServiceSettings,
  resources: ProcessorResources,
): Record<string, string> {
  return functionEnvironment(settings.serviceName, writeEnvironment(environmentOf(settings, resources)));
}

/** The environment variables of a processor in a task. */
export function taskEnvironment(
  settings: ServiceSettings,
  { stopSeconds }: FargateSettings,
  resources: ProcessorResources,
): Record<string, string> {
  const environment = {
    ...environmentOf(settings, resources),
    graceSeconds: stopSeconds - STOP_RESERVE_SECONDS,
  };
  return functionEnvironment(settings.serviceName, writeTaskEnvironment(environment));
}

function environmentOf(
  settings: ServiceSettings,
  {
    payloadBucket,
    inputQueue,
    lanes,
    maxReceives,
    outputQueue,
    outputMaxMessageBytes,
    outputTopic,
    deadLetterQueue,
    requestTable,
    webhookQueue,
    pauseQueue,
    payloadSources,
    secrets,
    failureBus,
    frontServiceName,
  }: ProcessorResources,
): ProcessorEnvironment {
  const { prefixes } = settings;
  return {
    ...settings,
    ...prefixes,
    tracing: settings.tracing?.target ?? 'off',
    frontServiceName,
    inputQueueUrl: inputQueue.queueUrl,
    ...otherLaneUrls(lanes),
    maxReceives,
    outputQueueUrl: outputQueue?.queueUrl ?? NO_OUTPUT_URL,
    outputMaxMessageBytes,
    outputTopicArn: outputTopic?.topicArn ?? '',
    deadLetterQueueUrl: deadLetterQueue.queueUrl,
    payloadBucket: payloadBucket.bucketName,
    requestTable: requestTable.tableName,
    webhookQueueUrl: webhookQueue?.queueUrl ?? '',
    pauseQueueUrl: pauseQueue?.queueUrl ?? '',
    secretIds: Object.fromEntries(Object.entries(secrets).map(([name, { secretArn }]) => [name, secretArn])),
    eventBusArn: failureBus?.eventBusArn ?? '',
    claimCheckSources: [
      { bucket: payloadBucket, prefix: prefixes.uploadPrefix },
      { bucket: payloadBucket, prefix: prefixes.payloadPrefix },
      ...payloadSources,
    ].map(({ bucket, prefix }) =>
      prefix === undefined ? bucket.bucketName : `${bucket.bucketName}/${prefix}`,
    ),
  };
}
