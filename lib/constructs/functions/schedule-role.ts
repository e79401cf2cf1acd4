import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { KEY_USES, keyStatement } from '../storage/key-use.ts';

/** The role with which EventBridge Scheduler sends messages and invokes functions. Only schedules of one group can assume it. */
export class ScheduleRole extends Role {
  constructor(scope: Construct, id: string, scheduleGroup: IScheduleGroup) {
    super(scope, id, {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': Stack.of(scope).account,
            'aws:SourceArn': scheduleGroup.scheduleGroupArn,
          },
        },
      }),
    });
  }

  /** Allows invoking a function. */
  allowInvoke({ functionArn }: IFunction): void {
    this.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] }));
  }

  /** Allows sending to queues. */
  allowSend(...queues: readonly IQueue[]): void {
    const resources = queues.map(({ queueArn }) => queueArn);
    this.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources }));
    for (const { encryptionMasterKey } of queues) {
      if (encryptionMasterKey) this.addToPolicy(keyStatement(encryptionMasterKey, KEY_USES.send));
    }
  }
}
