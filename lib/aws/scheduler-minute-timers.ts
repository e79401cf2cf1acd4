import { ConflictException, CreateScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { digestOf } from '../core/model/request-id.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { MinuteTimers, TimerKey } from '../core/ports/minute-timers.ts';
import { withoutPlaceholders } from '../core/wire/message-text.ts';
import { deleteSchedule } from './delete-schedule.ts';

/** Resources of {@link SchedulerMinuteTimers}. */
export interface MinuteTimerTarget {
  readonly scheduleGroup: string;
  /** The ARN of the role that EventBridge Scheduler assumes to invoke the function. */
  readonly scheduleRole: string;
  /** The function that does what is due, every minute. */
  readonly functionArn: string;
}

/** The shortest rate of EventBridge Scheduler, in milliseconds. */
const MINUTE = 60_000;

/** Timers of EventBridge Scheduler that run. */
export class RunningMinuteTimers implements Pick<MinuteTimers, 'stop'> {
  protected readonly client: SchedulerClient;
  readonly #group: string;

  /** @param group the group of their schedules */
  constructor(client: SchedulerClient, group: string) {
    this.client = client;
    this.#group = group;
  }

  async stop(key: TimerKey): Promise<void> {
    await deleteSchedule(this.client, this.#group, timerName(key));
  }
}

/** Timers of EventBridge Scheduler, which invoke a function: each is a schedule with a rate of a minute. */
export class SchedulerMinuteTimers extends RunningMinuteTimers implements MinuteTimers {
  readonly #target: MinuteTimerTarget;
  readonly #clock: Clock;

  constructor(client: SchedulerClient, target: MinuteTimerTarget, clock: Clock) {
    super(client, target.scheduleGroup);
    this.#target = target;
    this.#clock = clock;
  }

  async start(key: TimerKey): Promise<void> {
    const { scheduleGroup, scheduleRole, functionArn } = this.#target;
    const { id, tenant } = key;
    try {
      await this.client.send(
        new CreateScheduleCommand({
          Name: timerName(key),
          GroupName: scheduleGroup,
          ScheduleExpression: 'rate(1 minute)',
          // Otherwise the timer fires at once, before its batch is stored.
          StartDate: new Date(this.#clock.now() + MINUTE),
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            Arn: functionArn,
            RoleArn: scheduleRole,
            // The name of a tenant may contain a placeholder.
            Input: withoutPlaceholders(JSON.stringify({ id, tenant })),
            RetryPolicy: { MaximumRetryAttempts: 0 },
          },
        }),
      );
    } catch (error) {
      // The timer runs already: its batch was created before, or the SDK repeats a call whose response was lost.
      if (!(error instanceof ConflictException)) throw error;
    }
  }
}

/** Unique, with the id for operators: up to 64 letters, digits and - _ . Timers that run keep their names, so the text stays. */
function timerName({ id, tenant = '' }: TimerKey): string {
  return `${id.slice(0, 31)}-${digestOf('batch timer', id, tenant)}`;
}
