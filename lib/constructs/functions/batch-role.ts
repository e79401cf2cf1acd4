import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { MANIFEST_FOLDER } from '../../core/config/settings.ts';
import { KEY_USES } from '../storage/key-use.ts';
import { requestQueuesOf } from '../storage/request-lanes.ts';
import type { ApiResources } from './api-environment.ts';
import { FunctionRole, schedulesIn } from './function-role.ts';

/** The resources that a {@link BatchRole} grants access to. */
export interface BatchRoleProps extends Pick<ApiResources, 'inputQueue' | 'lanes'> {
  readonly requestTable: ITable;
  /** Gets the manifests of batches, and has those that are imported. */
  readonly payloadBucket: IBucket;
  readonly payloadPrefix: string;
  readonly resultPrefix: string;
  /** The ARN of the table's stream. */
  readonly streamArn: string;
  readonly scheduleGroup: IScheduleGroup;
  /** The queue of changes that could not be counted. */
  readonly deadLetterQueue: IQueue;
  /** The queue of webhook deliveries; undefined without webhooks. */
  readonly webhookQueue: IQueue | undefined;
  readonly logGroup: ILogGroup;
}

/** The role of the function of batches. */
export class BatchRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: BatchRoleProps) {
    super(scope, id, props);
    const {
      requestTable,
      payloadBucket,
      payloadPrefix,
      resultPrefix,
      streamArn,
      scheduleGroup,
      deadLetterQueue,
      webhookQueue,
    } = props;
    // To cancel requests, and to add those of a manifest.
    this.allowRecords(requestTable);
    // To read the records of requests and the items of batches, and to note on a record that it is in a batch.
    this.allow(['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'], [requestTable.tableArn]);
    this.allowBatchItems(requestTable, 'GetItem', 'PutItem');
    this.allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      [streamArn],
    );
    const manifests = `${resultPrefix}${MANIFEST_FOLDER}`;
    // HEAD is a read.
    this.allowObjects(payloadBucket, ['s3:GetObject', 's3:PutObject'], manifests);
    // To read manifests, and to store payloads that no message has room for.
    this.allowObjects(payloadBucket, ['s3:GetObject', 's3:PutObject'], payloadPrefix);
    this.allowKey(payloadBucket.encryptionKey, KEY_USES.writeObjects);
    this.allow(['scheduler:DeleteSchedule'], [schedulesIn(scheduleGroup)]);
    this.allow(
      ['sqs:SendMessage'],
      [deadLetterQueue, ...(webhookQueue ? [webhookQueue] : [])].map(({ queueArn }) => queueArn),
    );
    for (const queue of [deadLetterQueue, webhookQueue])
      this.allowKey(queue?.encryptionMasterKey, KEY_USES.send);
    for (const queue of requestQueuesOf(props.inputQueue, props.lanes)) this.allowSubmit(queue);
  }

  /** Lets the function send to a queue. */
  allowSubmit(queue: IQueue): void {
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    this.allowKey(queue.encryptionMasterKey, KEY_USES.send);
  }
}
