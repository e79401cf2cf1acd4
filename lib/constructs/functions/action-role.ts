import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { KEY_USES } from '../storage/key-use.ts';
import { requestQueuesOf } from '../storage/request-lanes.ts';
import type { ApiResources } from './api-environment.ts';
import { FunctionRole, schedulesIn } from './function-role.ts';

/** The resources that an {@link ActionRole} grants access to. */
export interface ActionRoleProps
  extends Pick<ApiResources, 'inputQueue' | 'lanes' | 'payloadBucket' | 'requestTable'> {
  readonly payloadPrefix: string;
  readonly deadLetterQueue: IQueue;
  readonly rehearsalFunction: IFunction | undefined;
  readonly scheduleGroup: IScheduleGroup;
  readonly logGroup: ILogGroup;
}

/** The role of the function of actions. */
export class ActionRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: ActionRoleProps) {
    super(scope, id, props);
    const { requestTable, payloadBucket, payloadPrefix, deadLetterQueue, scheduleGroup } = props;
    this.allowRecords(requestTable);
    // To read actions, and to note what became of their requests.
    this.allow(['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'], [requestTable.tableArn]);
    this.allowWalk(deadLetterQueue);
    this.allow(['sqs:DeleteMessage'], [deadLetterQueue.queueArn]);
    for (const queue of requestQueuesOf(props.inputQueue, props.lanes)) {
      this.allow(['sqs:SendMessage'], [queue.queueArn]);
      this.allowKey(queue.encryptionMasterKey, KEY_USES.send);
    }
    // To store a payload that replaces that of a request, if no message has room for it.
    this.allowObjects(payloadBucket, ['s3:GetObject', 's3:PutObject'], payloadPrefix);
    this.allowKey(payloadBucket.encryptionKey, KEY_USES.writeObjects);
    if (props.rehearsalFunction) {
      this.allow(['lambda:InvokeFunction'], [props.rehearsalFunction.functionArn]);
    }
    this.allow(['scheduler:DeleteSchedule'], [schedulesIn(scheduleGroup)]);
  }
}
