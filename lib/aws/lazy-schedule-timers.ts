import type { ScheduleTimers } from '../core/ports/schedule-timers.ts';
import { lazyPort } from './lazy-port.ts';
import type { TimerTarget } from './scheduler-timers.ts';

/** Timers of EventBridge Scheduler, whose client is loaded with the first change: most calls of the API change no timer. */
export function lazyScheduleTimers(target: TimerTarget): ScheduleTimers {
  return lazyPort(['start', 'stop'], async () => {
    const [{ schedulerClient }, { SchedulerTimers }] = await Promise.all([
      import('./scheduler-client.ts'),
      import('./scheduler-timers.ts'),
    ]);
    return new SchedulerTimers(schedulerClient(), target);
  });
}
