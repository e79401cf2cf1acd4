import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SQS_MAX_RETENTION_SECONDS } from '../core/config/aws-limits.ts';
import { ScheduleRole } from './functions/schedule-role.ts';
import { encryptionOf } from './storage/queue-with-dead-letters.ts';

/** Configures {@link RequestSchedules}. */
export interface RequestSchedulesProps {
  /** Undefined for keys that SQS manages. */
  readonly encryptionKey: IKey | undefined;
}

/** What requests that start in more than 15 minutes need: a group for their schedules, one for each request. */
export class RequestSchedules extends Construct {
  readonly scheduleGroup: ScheduleGroup;
  /** The role with which EventBridge Scheduler sends them to input queues. */
  readonly role: ScheduleRole;
  /** The queue of messages that EventBridge Scheduler couldn't send for a day. */
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { encryptionKey }: RequestSchedulesProps) {
    super(scope, id);
    this.scheduleGroup = new ScheduleGroup(this, 'Group', { removalPolicy: RemovalPolicy.DESTROY });
    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      ...encryptionOf(encryptionKey),
      enforceSSL: true,
      retentionPeriod: Duration.seconds(SQS_MAX_RETENTION_SECONDS),
    });
    this.role = new ScheduleRole(this, 'Role', this.scheduleGroup);
    this.role.allowSend(this.deadLetterQueue);
  }
}
