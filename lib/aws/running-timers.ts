import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import { digestOf } from '../core/model/request-id.ts';
import type { ScheduleKey } from '../core/ports/schedule-store.ts';
import type { ScheduleTimers } from '../core/ports/schedule-timers.ts';
import { deleteSchedule } from './delete-schedule.ts';

/** Timers of EventBridge Scheduler that run. */
export class RunningTimers implements Pick<ScheduleTimers, 'stop'> {
  readonly #client: SchedulerClient;
  readonly #group: string;

  /** @param group the group of their schedules */
  constructor(client: SchedulerClient, group: string) {
    this.#client = client;
    this.#group = group;
  }

  async stop(key: ScheduleKey, revision: string): Promise<void> {
    await deleteSchedule(this.#client, this.#group, timerName(key, revision));
  }
}

/** Unique, with the name of the schedule for operators: up to 64 letters, digits and - _ . */
export function timerName({ name, tenant = '' }: ScheduleKey, revision: string): string {
  return `${name.slice(0, 31)}-${digestOf('timer', revision, name, tenant)}`;
}
