import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { KEY_USES } from '../storage/key-use.ts';
import { FunctionRole, schedulesIn } from './function-role.ts';

/** The resources that a {@link ScheduleFunctionRole} grants access to. */
export interface ScheduleFunctionRoleProps {
  readonly payloadBucket: IBucket;
  readonly payloadPrefix: string;
  readonly requestTable: ITable;
  readonly scheduleGroup: IScheduleGroup;
  /** The queue of firings that failed. */
  readonly deadLetterQueue: IQueue;
  readonly logGroup: ILogGroup;
}

/** The role of the function that submits the requests of schedules. */
export class ScheduleFunctionRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: ScheduleFunctionRoleProps) {
    super(scope, id, props);
    const { payloadBucket, payloadPrefix, requestTable, scheduleGroup, deadLetterQueue } = props;
    this.allowRecords(requestTable);
    this.allowScheduleItems(requestTable, 'GetItem', 'UpdateItem');
    // To reuse the payload that an earlier submission of the same request stored.
    this.allowObjects(payloadBucket, ['s3:PutObject', 's3:GetObject'], payloadPrefix);
    this.allowKey(payloadBucket.encryptionKey, KEY_USES.writeObjects);
    this.allow(['scheduler:DeleteSchedule'], [schedulesIn(scheduleGroup)]);
    // The CDK lets Lambda send with this role.
    this.allowKey(deadLetterQueue.encryptionMasterKey, KEY_USES.send);
  }

  /** Lets the function send to a queue. */
  allowSubmit(queue: IQueue): void {
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    this.allowKey(queue.encryptionMasterKey, KEY_USES.send);
  }
}
