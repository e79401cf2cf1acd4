import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  RECORD_KEY,
  RECORD_WEBHOOK,
  RECORD_WEBHOOK_AT,
  RECORD_WEBHOOK_ENDED_AT,
} from '../../core/config/record-table.ts';
import { KEY_USES } from '../storage/key-use.ts';
import { FunctionRole } from './function-role.ts';

/** The resources that a {@link WebhookRole} grants access to. */
export interface WebhookRoleProps {
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly secret: ISecret;
  readonly scheduleGroup: IScheduleGroup;
  /** The role that the scheduler assumes to send to the queue. */
  readonly scheduleRole: IRole;
  readonly requestTable: ITable;
  /** Whether there are webhook endpoints. */
  readonly endpoints: boolean;
  /** The event bus for events about endpoints; undefined without one. */
  readonly failureBus: IEventBus | undefined;
  readonly logGroup: ILogGroup;
}

/** The role of the webhook function. It allows little, because the function calls URLs that senders choose. */
export class WebhookRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: WebhookRoleProps) {
    super(scope, id, props);
    const { queue, deadLetterQueue, secret, scheduleGroup, scheduleRole } = props;
    this.allow(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
      [queue.queueArn],
    );
    this.allow(['sqs:SendMessage'], [queue.queueArn, deadLetterQueue.queueArn]);
    this.allowKey(queue.encryptionMasterKey, KEY_USES.send);
    this.allowKey(deadLetterQueue.encryptionMasterKey, KEY_USES.send);
    this.allowKey(props.requestTable.encryptionKey, KEY_USES.records);
    this.allowSecret(secret);
    this.#allowRecording(props.requestTable);
    if (props.endpoints) {
      this.allowWebhookEndpoints(props.requestTable, 'GetItem', 'PutItem');
      if (props.failureBus) this.allow(['events:PutEvents'], [props.failureBus.eventBusArn]);
    }
    this.allowSchedules(scheduleGroup, scheduleRole);
  }

  /**
   * Allows updating the webhook attributes of a record, and neither changing nor reading any others.
   * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
   */
  #allowRecording({ tableArn }: ITable): void {
    this.addToPolicy(
      new PolicyStatement({
        actions: ['dynamodb:UpdateItem'],
        resources: [tableArn],
        conditions: {
          'ForAllValues:StringEquals': {
            'dynamodb:Attributes': [RECORD_KEY, RECORD_WEBHOOK, RECORD_WEBHOOK_ENDED_AT, RECORD_WEBHOOK_AT],
          },
          StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
        },
      }),
    );
  }
}
