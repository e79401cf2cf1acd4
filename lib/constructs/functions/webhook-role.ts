import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ViaServicePrincipal } from 'aws-cdk-lib/aws-kms';
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
import { FunctionRole } from './function-role.ts';

/** What a {@link WebhookRole} opens. */
export interface WebhookRoleProps {
  readonly queue: IQueue;
  readonly deadLetterQueue: IQueue;
  readonly secret: ISecret;
  readonly scheduleGroup: IScheduleGroup;
  /** Whom the scheduler is to be while it sends to the queue. */
  readonly scheduleRole: IRole;
  readonly requestTable: ITable;
  readonly logGroup: ILogGroup;
}

/** The role of what delivers webhooks: whoever tricks it into calling somebody else finds next to nothing there. */
export class WebhookRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: WebhookRoleProps) {
    super(scope, id, props.logGroup);
    const { queue, deadLetterQueue, secret, scheduleGroup, scheduleRole } = props;
    this.allow(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
      [queue.queueArn],
    );
    this.allow(['sqs:SendMessage'], [queue.queueArn, deadLetterQueue.queueArn]);
    this.#allowReading(secret);
    this.#allowNoting(props.requestTable);
    const schedules = Stack.of(this).formatArn({
      service: 'scheduler',
      resource: 'schedule',
      resourceName: `${scheduleGroup.scheduleGroupName}/*`,
    });
    this.allow(['scheduler:CreateSchedule'], [schedules]);
    this.addToPolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [scheduleRole.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      }),
    );
  }

  /** Not `grantRead`, which also allows to describe the secret. */
  #allowReading(secret: ISecret): void {
    // A secret that is known by its name only has six more characters at the end of its ARN.
    const resource = secret.secretFullArn ?? `${secret.secretArn}-??????`;
    Grant.addToPrincipalOrResource({
      grantee: this,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [resource],
      resource: secret,
    });
    const service = `secretsmanager.${secret.env.region}.amazonaws.com`;
    secret.encryptionKey?.grantDecrypt(new ViaServicePrincipal(service, this));
  }

  /**
   * Changes what is noted about webhooks, and nothing else; tells nothing of the rest.
   * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
   */
  #allowNoting({ tableArn }: ITable): void {
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
