import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Prefixes } from '../settings/prefixes.ts';
import { KEY_USES } from '../storage/key-use.ts';
import { requestQueuesOf } from '../storage/request-lanes.ts';
import { FunctionRole } from './function-role.ts';
import type { ProcessorResources } from './processor-environment.ts';

/** The resources that a {@link ProcessorRole} grants access to. */
export interface ProcessorRoleProps extends ProcessorResources {
  readonly prefixes: Prefixes;
  /** Whether there are webhook endpoints. */
  readonly webhookEndpoints: boolean;
  /** The log group of a function; undefined for a task. */
  readonly logGroup?: ILogGroup;
  /** The ARN of the tasks that may protect themselves from scale-in; undefined for a function. */
  readonly tasks?: string;
}

/** The role of a processor. It allows the calls of the engine, and of the event source or the worker. */
export class ProcessorRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: ProcessorRoleProps) {
    super(scope, id, props);
    const { uploadPrefix, payloadPrefix, resultPrefix, consumerCopyPrefix } = props.prefixes;
    this.allowQueues(props);
    this.allowRecords(props.requestTable);
    // The record of the processor's load, and records that are written in a transaction.
    this.allow(['dynamodb:UpdateItem'], [props.requestTable.tableArn]);
    if (props.webhookEndpoints) this.allowWebhookEndpoints(props.requestTable, 'GetItem');
    this.allowReading(props.payloadBucket, uploadPrefix, payloadPrefix, resultPrefix);
    for (const { bucket, prefix = '' } of props.payloadSources) this.allowReading(bucket, prefix);
    this.allowObjects(props.payloadBucket, ['s3:PutObject'], resultPrefix, consumerCopyPrefix);
    this.allowObjects(props.payloadBucket, ['s3:AbortMultipartUpload'], resultPrefix);
    this.allowKey(props.payloadBucket.encryptionKey, KEY_USES.writeObjects);
    for (const secret of Object.values(props.secrets)) this.allowSecret(secret);
    if (props.tasks) this.allow(['ecs:UpdateTaskProtection'], [props.tasks]);
    if (props.failureBus) this.allow(['events:PutEvents'], [props.failureBus.eventBusArn]);
  }

  private allowQueues(queues: ProcessorResources): void {
    const { inputQueue, lanes, outputQueue, deadLetterQueue, webhookQueue, pauseQueue } = queues;
    const receiving = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
    this.allow(
      [...receiving, 'sqs:ChangeMessageVisibility'],
      requestQueuesOf(inputQueue, lanes).map(({ queueArn }) => queueArn),
    );
    if (outputQueue) this.allowPublishing(outputQueue, queues.outputMaxMessageBytes);
    if (queues.outputTopic) this.allow(['sns:Publish'], [queues.outputTopic.topicArn]);
    this.allowKey(queues.outputTopic?.masterKey, KEY_USES.publish);
    this.allow(['sqs:SendMessage'], [deadLetterQueue.queueArn]);
    if (webhookQueue) this.allow(['sqs:SendMessage'], [webhookQueue.queueArn]);
    if (pauseQueue) this.allow(['sqs:SendMessage'], [pauseQueue.queueArn]);
    this.allowKey(inputQueue.encryptionMasterKey, KEY_USES.receive);
    for (const queue of [outputQueue, deadLetterQueue, webhookQueue, pauseQueue]) {
      this.allowKey(queue?.encryptionMasterKey, KEY_USES.send);
    }
  }

  private allowPublishing(queue: IQueue, maxMessageBytes: number | undefined): void {
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    if (maxMessageBytes === undefined) this.allow(['sqs:GetQueueAttributes'], [queue.queueArn]);
  }
}
