import { ConflictException, CreateScheduleCommand, type SchedulerClient } from '@aws-sdk/client-scheduler';
import { digestOf } from '../core/model/request-id.ts';
import type { BatchKey } from '../core/ports/batch-store.ts';
import type { BatchTimers } from '../core/ports/batch-timers.ts';
import type { Clock } from '../core/ports/clock.ts';
import { deleteSchedule } from './delete-schedule.ts';

/** Resources of {@link SchedulerBatchTimers}. */
export interface BatchTimerTarget {
  readonly scheduleGroup: string;
  /** The ARN of the role that EventBridge Scheduler assumes to invoke the function. */
  readonly scheduleRole: string;
  /** The function that does what batches wait for. */
  readonly functionArn: string;
}

/** The shortest rate of EventBridge Scheduler, in milliseconds. */
const MINUTE = 60_000;

/** Timers of EventBridge Scheduler that run. */
export class RunningBatchTimers implements Pick<BatchTimers, 'stop'> {
  protected readonly client: SchedulerClient;
  readonly #group: string;

  /** @param group the group of their schedules */
  constructor(client: SchedulerClient, group: string) {
    this.client = client;
    this.#group = group;
  }

  async stop(batch: BatchKey): Promise<void> {
    await deleteSchedule(this.client, this.#group, timerName(batch));
  }
}

/** Timers of EventBridge Scheduler, which invoke a function: each is a schedule with a rate of a minute. */
export class SchedulerBatchTimers extends RunningBatchTimers implements BatchTimers {
  readonly #target: BatchTimerTarget;
  readonly #clock: Clock;

  constructor(client: SchedulerClient, target: BatchTimerTarget, clock: Clock) {
    super(client, target.scheduleGroup);
    this.#target = target;
    this.#clock = clock;
  }

  async start(batch: BatchKey): Promise<void> {
    const { scheduleGroup, scheduleRole, functionArn } = this.#target;
    const { id, tenant } = batch;
    try {
      await this.client.send(
        new CreateScheduleCommand({
          Name: timerName(batch),
          GroupName: scheduleGroup,
          ScheduleExpression: 'rate(1 minute)',
          // Without it, the timer fires at once, before the batch is there.
          StartDate: new Date(this.#clock.now() + MINUTE),
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: {
            Arn: functionArn,
            RoleArn: scheduleRole,
            // EventBridge Scheduler would expand a placeholder in the name of a tenant.
            Input: JSON.stringify({ id, tenant }).replaceAll('<', '\\u003c'),
            RetryPolicy: { MaximumRetryAttempts: 0 },
          },
        }),
      );
    } catch (error) {
      // The batch was created before with the same idempotency key, or the SDK repeats a call whose response was lost.
      if (!(error instanceof ConflictException)) throw error;
    }
  }
}

/** Unique, with the id of the batch for operators: up to 64 letters, digits and - _ . */
function timerName({ id, tenant = '' }: BatchKey): string {
  return `${id.slice(0, 31)}-${digestOf('batch timer', id, tenant)}`;
}
