import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Prefixes } from '../settings/prefixes.ts';
import { FunctionRole } from './function-role.ts';
import type { ProcessorResources } from './processor-environment.ts';

/** What a {@link ProcessorRole} opens. */
export interface ProcessorRoleProps extends ProcessorResources {
  readonly prefixes: Prefixes;
  readonly logGroup: ILogGroup;
}

/** The role of a processor: the calls that the engine and the event source make, and no others. */
export class ProcessorRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: ProcessorRoleProps) {
    super(scope, id, props.logGroup);
    const { uploadPrefix, payloadPrefix, resultPrefix, disposablePrefix } = props.prefixes;
    this.allowQueues(props);
    this.allowRecords(props.requestTable);
    // The load log.
    this.allow(['dynamodb:UpdateItem'], [props.requestTable.tableArn]);
    this.allowReading(props.payloadBucket, uploadPrefix, payloadPrefix, resultPrefix);
    for (const { bucket, prefix = '' } of props.payloadSources) this.allowReading(bucket, prefix);
    this.allowObjects(props.payloadBucket, ['s3:PutObject'], resultPrefix, disposablePrefix);
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

  /** The right to list is never used: with it S3 answers "missing", not "denied", for an object that isn't there. */
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
