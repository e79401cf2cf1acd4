import { ConflictException, CreateScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import type { DelayedMessages } from '../core/ports/delayed-messages.ts';

/** Resources of {@link SchedulerDelayedMessages}. */
export interface ScheduleTarget {
  readonly scheduleGroup: string;
  /** The ARN of the role that EventBridge Scheduler assumes to send. */
  readonly scheduleRole: string;
  readonly queueArn: string;
  /** The queue for messages that EventBridge Scheduler couldn't send for a day. */
  readonly deadLetterQueueArn: string;
}

/** Sends messages to an SQS queue by EventBridge Scheduler: each is a one-time schedule that deletes itself. */
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

/** The next whole second in EventBridge Scheduler's format, which has no zone. */
function secondOf(at: number): string {
  return new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(0, 19);
}
