import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { FAILURE_INDEX, RECORD_INDEX } from '../../core/config/record-table.ts';
import { TICKET_FOLDER } from '../../core/config/settings.ts';
import { acknowledge } from '../observability/acknowledge.ts';
import type { Prefixes } from '../settings/prefixes.ts';
import { KEY_USES } from '../storage/key-use.ts';
import { requestQueuesOf } from '../storage/request-lanes.ts';
import type { ApiResources } from './api-environment.ts';
import { FunctionRole, schedulesIn } from './function-role.ts';

/** The resources that an {@link ApiRole} grants access to. */
export interface ApiRoleProps extends ApiResources {
  readonly prefixes: Prefixes;
  readonly logGroup: ILogGroup;
}

/**
 * The role of the API's function. It allows the calls of the function and those of clients with links that it signed.
 */
export class ApiRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: ApiRoleProps) {
    super(scope, id, props);
    const {
      payloadBucket,
      inputQueue,
      lanes,
      webhookQueue,
      webhookSecret,
      receiptSecret,
      schedules,
      batches,
      actions,
      activity,
      pauseQueue,
      requestTable,
    } = props;
    const { prefixes } = props;
    const { uploadPrefix, payloadPrefix, resultPrefix } = prefixes;
    for (const queue of requestQueuesOf(inputQueue, lanes)) this.allowSubmit(queue);
    if (webhookQueue) this.allow(['sqs:SendMessage'], [webhookQueue.queueArn]);
    this.allowKey(webhookQueue?.encryptionMasterKey, KEY_USES.send);
    if (webhookSecret) this.allowSecret(webhookSecret);
    if (receiptSecret) this.allowSecret(receiptSecret);
    if (schedules) {
      this.allowSchedules(schedules.scheduleGroup, schedules.role);
      this.allow(['scheduler:DeleteSchedule'], [schedulesIn(schedules.scheduleGroup)]);
      this.allowScheduleItems(requestTable, 'DeleteItem');
    }
    if (batches) this.allowSchedules(batches.scheduleGroup, batches.role);
    if (actions) {
      this.allowSchedules(actions.scheduleGroup, actions.role);
      // A plan reads the dead letters, and returns them.
      this.allowWalk(actions.deadLetterQueue);
    }
    if (activity) {
      this.allow(['cloudwatch:GetMetricData'], ['*']);
      acknowledge(this, {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'cloudwatch:GetMetricData supports no resource, and no condition on the namespace.',
      });
    }
    if (pauseQueue) this.allow(['sqs:SendMessage'], [pauseQueue.queueArn]);
    this.allowKey(pauseQueue?.encryptionMasterKey, KEY_USES.send);
    // To list alarms by the beginning of their names, CloudWatch asks for a permission on all of them.
    this.allow(['cloudwatch:DescribeAlarms'], [allAlarms(this)]);
    this.allowRecords(requestTable);
    this.allow(
      ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      [requestTable.tableArn],
    );
    const indexes = [RECORD_INDEX, FAILURE_INDEX].map((name) => `${requestTable.tableArn}/index/${name}`);
    this.allow(['dynamodb:Query'], indexes);
    const uploads = `${uploadPrefix}${TICKET_FOLDER}`;
    this.allowObjects(payloadBucket, ['s3:PutObject'], uploads, payloadPrefix);
    this.allowObjects(payloadBucket, ['s3:AbortMultipartUpload'], uploads);
    // Links to results name the version.
    this.allowObjects(payloadBucket, ['s3:GetObjectVersion'], resultPrefix);
    // To give payloads out, and to reuse the one that an earlier submission of the same request stored.
    this.allowReading(payloadBucket, uploadPrefix, payloadPrefix);
    this.allowKey(payloadBucket.encryptionKey, KEY_USES.writeObjects);
  }

  /** Allows finding the message of a request that starts later. */
  allowPromote(scheduleGroup: IScheduleGroup): void {
    this.allow(['scheduler:GetSchedule'], [schedulesIn(scheduleGroup)]);
  }

  /** Allows sending requests to the queue of a processor, and reading how many wait there. */
  allowSubmit(inputQueue: IQueue): void {
    this.allow(['sqs:SendMessage', 'sqs:GetQueueAttributes'], [inputQueue.queueArn]);
    this.allowKey(inputQueue.encryptionMasterKey, KEY_USES.send);
  }
}

/** All alarms of the account and region. */
export function allAlarms(scope: Construct): string {
  return Stack.of(scope).formatArn({
    service: 'cloudwatch',
    resource: 'alarm',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
