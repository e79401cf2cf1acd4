import { ConflictException, CreateScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { DelayedMessages } from '../core/ports/webhooks.ts';

/** Where messages are scheduled, and go. */
export interface ScheduleTarget {
  readonly scheduleGroup: string;
  /** Whom the scheduler is to be while it sends. */
  readonly scheduleRole: string;
  readonly queueArn: string;
  /** Where a message goes that the scheduler couldn't send for a day. */
  readonly deadLetterQueueArn: string;
}

/** Messages to an SQS queue by EventBridge Scheduler: a schedule for one time, which ends with it. */
export class SchedulerDelayedMessages implements DelayedMessages {
  readonly #client: SchedulerClient;
  readonly #target: ScheduleTarget;

  constructor(client: SchedulerClient, target: ScheduleTarget) {
    this.#client = client;
    this.#target = target;
  }

  async schedule(name: string, message: string, at: number): Promise<void> {
    const { scheduleGroup, scheduleRole, queueArn, deadLetterQueueArn } = this.#target;
    try {
      await this.#client.send(
        new CreateScheduleCommand({
          Name: name,
          GroupName: scheduleGroup,
          ScheduleExpression: `at(${secondOf(at)})`,
          ScheduleExpressionTimezone: 'UTC',
          FlexibleTimeWindow: { Mode: 'OFF' },
          ActionAfterCompletion: 'DELETE',
          Target: {
            Arn: queueArn,
            RoleArn: scheduleRole,
            Input: message,
            DeadLetterConfig: { Arn: deadLetterQueueArn },
          },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConflictException)) throw error;
    }
  }
}

/** The next whole second, as the scheduler wants it: without a zone. */
function secondOf(at: number): string {
  return new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(0, 19);
}
