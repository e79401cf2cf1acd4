import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { writeEnvironment } from '../../core/config/processor-environment.ts';
import type { PayloadSource } from '../settings/payload-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { functionEnvironment } from './function-environment.ts';

/** The resources that a processor uses. */
export interface ProcessorResources {
  readonly payloadBucket: IBucket;
  readonly inputQueue: IQueue;
  readonly outputQueue: IQueue;
  /** The MaximumMessageSize of the output queue; undefined if it is unknown at deployment. */
  readonly outputMaxMessageBytes: number | undefined;
  readonly deadLetterQueue: IQueue;
  readonly requestTable: ITable;
  /** The queue of webhook deliveries; undefined without webhooks. */
  readonly webhookQueue?: IQueue;
  /** The queue of requested pauses; undefined if pauses don't disable the event source. */
  readonly pauseQueue: IQueue | undefined;
  /** Locations of payloads outside the payload bucket. */
  readonly payloadSources: readonly PayloadSource[];
  /** The event bus for failure events; undefined without them. */
  readonly failureBus: IEventBus | undefined;
}

/** The environment variables of a processor. */
export function processorEnvironment(
  settings: ServiceSettings,
  {
    payloadBucket,
    inputQueue,
    outputQueue,
    outputMaxMessageBytes,
    deadLetterQueue,
    requestTable,
    webhookQueue,
    pauseQueue,
    payloadSources,
    failureBus,
  }: ProcessorResources,
): Record<string, string> {
  const { prefixes } = settings;
  const variables = writeEnvironment({
    ...settings,
    ...prefixes,
    tracing: settings.tracing?.target ?? 'off',
    inputQueueUrl: inputQueue.queueUrl,
    outputQueueUrl: outputQueue.queueUrl,
    outputMaxMessageBytes,
    deadLetterQueueUrl: deadLetterQueue.queueUrl,
    payloadBucket: payloadBucket.bucketName,
    requestTable: requestTable.tableName,
    webhookQueueUrl: webhookQueue?.queueUrl ?? '',
    pauseQueueUrl: pauseQueue?.queueUrl ?? '',
    eventBusArn: failureBus?.eventBusArn ?? '',
    claimCheckSources: [
      { bucket: payloadBucket, prefix: prefixes.uploadPrefix },
      { bucket: payloadBucket, prefix: prefixes.payloadPrefix },
      ...payloadSources,
    ].map(({ bucket, prefix }) =>
      prefix === undefined ? bucket.bucketName : `${bucket.bucketName}/${prefix}`,
    ),
  });
  return functionEnvironment(settings.serviceName, variables);
}
