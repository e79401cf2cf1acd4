import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { MANIFEST_FOLDER } from '../../core/config/settings.ts';
import { KEY_USES } from '../storage/key-use.ts';
import { FunctionRole, schedulesIn } from './function-role.ts';

/** The resources that a {@link BatchRole} grants access to. */
export interface BatchRoleProps {
  readonly requestTable: ITable;
  /** Gets the manifests of batches. */
  readonly payloadBucket: IBucket;
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
      resultPrefix,
      streamArn,
      scheduleGroup,
      deadLetterQueue,
      webhookQueue,
    } = props;
    // To cancel requests.
    this.allowRecords(requestTable, ['Select', 'Update']);
    // To read the records of requests, and the items of batches.
    this.allow(['dynamodb:BatchGetItem'], [requestTable.tableArn]);
    this.allowBatchItems(requestTable, 'GetItem', 'PutItem', 'UpdateItem');
    this.allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      [streamArn],
    );
    const manifests = `${resultPrefix}${MANIFEST_FOLDER}`;
    // HEAD is a read.
    this.allowObjects(payloadBucket, ['s3:GetObject', 's3:PutObject'], manifests);
    this.allowKey(payloadBucket.encryptionKey, KEY_USES.writeObjects);
    this.allow(['scheduler:DeleteSchedule'], [schedulesIn(scheduleGroup)]);
    this.allow(
      ['sqs:SendMessage'],
      [deadLetterQueue, ...(webhookQueue ? [webhookQueue] : [])].map(({ queueArn }) => queueArn),
    );
    for (const queue of [deadLetterQueue, webhookQueue])
      this.allowKey(queue?.encryptionMasterKey, KEY_USES.send);
  }
}
