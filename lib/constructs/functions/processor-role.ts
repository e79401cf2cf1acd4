import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Prefixes } from '../settings/prefixes.ts';
import { FunctionRole } from './function-role.ts';
import type { ProcessorResources } from './processor-environment.ts';

/** The resources that a {@link ProcessorRole} grants access to. */
export interface ProcessorRoleProps extends ProcessorResources {
  readonly prefixes: Prefixes;
  readonly logGroup: ILogGroup;
}

/** The role of a processor. It allows the calls of the engine and of the event source. */
export class ProcessorRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: ProcessorRoleProps) {
    super(scope, id, props.logGroup);
    const { uploadPrefix, payloadPrefix, resultPrefix, consumerCopyPrefix } = props.prefixes;
    this.allowQueues(props);
    this.allowRecords(props.requestTable);
    // The record of the processor's load.
    this.allow(['dynamodb:UpdateItem'], [props.requestTable.tableArn]);
    this.allowReading(props.payloadBucket, uploadPrefix, payloadPrefix, resultPrefix);
    for (const { bucket, prefix = '' } of props.payloadSources) this.allowReading(bucket, prefix);
    this.allowObjects(props.payloadBucket, ['s3:PutObject'], resultPrefix, consumerCopyPrefix);
    this.allowObjects(props.payloadBucket, ['s3:AbortMultipartUpload'], resultPrefix);
    if (props.failureBus) this.allow(['events:PutEvents'], [props.failureBus.eventBusArn]);
  }

  private allowQueues(queues: ProcessorResources): void {
    const { inputQueue, outputQueue, deadLetterQueue, webhookQueue, pauseQueue } = queues;
    const receiving = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
    this.allow([...receiving, 'sqs:ChangeMessageVisibility'], [inputQueue.queueArn]);
    this.allow(['sqs:SendMessage'], [outputQueue.queueArn]);
    if (queues.outputMaxMessageBytes === undefined) {
      this.allow(['sqs:GetQueueAttributes'], [outputQueue.queueArn]);
    }
    this.allow(['sqs:SendMessage'], [deadLetterQueue.queueArn]);
    if (webhookQueue) this.allow(['sqs:SendMessage'], [webhookQueue.queueArn]);
    if (pauseQueue) this.allow(['sqs:SendMessage'], [pauseQueue.queueArn]);
    outputQueue.encryptionMasterKey?.grant(this, 'kms:GenerateDataKey', 'kms:Decrypt');
  }

  /** With permission to list, S3 answers 404 instead of 403 for a missing object. Nothing is ever listed. */
  private allowReading(bucket: IBucket, ...prefixes: readonly string[]): void {
    this.allowObjects(bucket, ['s3:GetObject', 's3:GetObjectVersion'], ...prefixes);
    this.addToPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
      }),
    );
    bucket.encryptionKey?.grantDecrypt(this);
  }
}
