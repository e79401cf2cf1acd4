import {
  ConflictException,
  CreateScheduleCommand,
  type SchedulerClient,
  ValidationException,
} from '@aws-sdk/client-scheduler';
import type { Schedule } from '../core/model/schedule.ts';
import { schedulerExpression } from '../core/model/scheduler-expression.ts';
import { ScheduleRefused, type ScheduleTimer, type ScheduleTimers } from '../core/ports/schedule-timers.ts';
import { withoutPlaceholders } from '../core/wire/message-text.ts';
import { RunningTimers, timerName } from './running-timers.ts';

/** Resources of {@link SchedulerTimers}. */
export interface TimerTarget {
  readonly scheduleGroup: string;
  /** The ARN of the role that EventBridge Scheduler assumes to invoke the function. */
  readonly scheduleRole: string;
  /** The function that {@link ScheduleTimer}s are for. */
  readonly functionArn: string;
  /** The queue for invocations that EventBridge Scheduler couldn't make for a day. */
  readonly deadLetterQueueArn: string;
}

/** How long after its last run a timer ends: EventBridge Scheduler fires within a minute. */
const LAST_FIRING_MILLISECONDS = 120_000;

/** Timers of EventBridge Scheduler, which invoke a function: each is a recurring schedule that deletes itself after its end. */
export class SchedulerTimers extends RunningTimers implements ScheduleTimers {
  readonly #client: SchedulerClient;
  readonly #target: TimerTarget;

  constructor(client: SchedulerClient, target: TimerTarget) {
    super(client, target.scheduleGroup);
    this.#client = client;
    this.#target = target;
  }

  /** @throws ScheduleRefused for a schedule that EventBridge Scheduler rejects, such as an unknown time zone */
  async start(schedule: Schedule, revision: string, firstAt: number): Promise<void> {
    const { scheduleGroup, scheduleRole, functionArn, deadLetterQueueArn } = this.#target;
    const { name, tenant, timeZone, endAt, createdAt } = schedule;
    const timer: ScheduleTimer = { name, tenant, revision, createdAt };
    try {
      await this.#client.send(
        new CreateScheduleCommand({
          Name: timerName(timer, revision),
          GroupName: scheduleGroup,
          ScheduleExpression: schedulerExpression(schedule),
          ScheduleExpressionTimezone: timeZone,
          StartDate: startOf(schedule, firstAt),
          EndDate: endAt === undefined ? undefined : new Date(endAt + LAST_FIRING_MILLISECONDS),
          FlexibleTimeWindow: { Mode: 'OFF' },
          ActionAfterCompletion: 'DELETE',
          Target: {
            Arn: functionArn,
            RoleArn: scheduleRole,
            // The name of a tenant may contain a placeholder.
            Input: withoutPlaceholders(JSON.stringify(timer)),
            DeadLetterConfig: { Arn: deadLetterQueueArn },
          },
        }),
      );
    } catch (error) {
      // The SDK retries a call whose response was lost.
      if (error instanceof ConflictException) return;
      if (error instanceof ValidationException) throw new ScheduleRefused(error.message);
      throw error;
    }
  }
}

/**
 * The first firing of a rate is at its start. That of a cron is at its first time after the start, which is a minute earlier,
 * since the start may count as before or after a time that is the same.
 */
function startOf({ cron, createdAt }: Schedule, firstAt: number): Date | undefined {
  if (cron === undefined) return new Date(Math.ceil(firstAt / 1000) * 1000);
  const minuteBefore = firstAt - 60_000;
  return minuteBefore > createdAt ? new Date(minuteBefore) : undefined;
}
