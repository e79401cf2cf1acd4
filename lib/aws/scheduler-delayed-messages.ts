import {
  ConflictException,
  CreateScheduleCommand,
  GetScheduleCommand,
  ResourceNotFoundException,
  type SchedulerClient,
} from '@aws-sdk/client-scheduler';
import type { RemovableMessages } from '../core/ports/delayed-messages.ts';
import { deleteSchedule } from './delete-schedule.ts';

/** Resources of {@link SchedulerDelayedMessages}. */
export interface ScheduleTarget {
  readonly scheduleGroup: string;
  /** The ARN of the role that EventBridge Scheduler assumes to send. */
  readonly scheduleRole: string;
  readonly queueArn: string;
  /** The queue for messages that EventBridge Scheduler couldn't send for a day. */
  readonly deadLetterQueueArn: string;
}

/** What a schedule can be called. */
const NAME = /^[\w.-]{1,64}$/;

/** Sends messages to an SQS queue by EventBridge Scheduler: each is a one-time schedule that deletes itself. */
export class SchedulerDelayedMessages implements RemovableMessages {
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

  async find(name: string): Promise<string | undefined> {
    if (!NAME.test(name)) return undefined;
    try {
      const schedule = await this.#client.send(
        new GetScheduleCommand({ GroupName: this.#target.scheduleGroup, Name: name }),
      );
      return schedule.Target?.Input;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await deleteSchedule(this.#client, this.#target.scheduleGroup, name);
  }
}

/** The next whole second in EventBridge Scheduler's format, which has no zone. */
function secondOf(at: number): string {
  return new Date(Math.ceil(at / 1000) * 1000).toISOString().slice(0, 19);
}
