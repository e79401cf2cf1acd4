import type { Schedule } from '../core/model/schedule.ts';
import type { ScheduleKey } from '../core/ports/schedule-store.ts';
import type { ScheduleTimers } from '../core/ports/schedule-timers.ts';
import { lazy } from './lazy.ts';
import type { TimerTarget } from './scheduler-timers.ts';

/** Loads the client of EventBridge Scheduler with the first change: most calls of the API change no timer. */
const loadScheduler = lazy(async () => {
  const [{ schedulerClient }, { SchedulerTimers }] = await Promise.all([
    import('./scheduler-client.ts'),
    import('./scheduler-timers.ts'),
  ]);
  const client = schedulerClient();
  return (target: TimerTarget) => new SchedulerTimers(client, target);
});

/** Timers of EventBridge Scheduler. */
export class LazyScheduleTimers implements ScheduleTimers {
  readonly #target: TimerTarget;

  constructor(target: TimerTarget) {
    this.#target = target;
  }

  async start(schedule: Schedule, revision: string, firstAt: number): Promise<void> {
    const timersOf = await loadScheduler();
    await timersOf(this.#target).start(schedule, revision, firstAt);
  }

  async stop(key: ScheduleKey, revision: string): Promise<void> {
    const timersOf = await loadScheduler();
    await timersOf(this.#target).stop(key, revision);
  }
}
