import type { MinuteTimers } from '../core/ports/minute-timers.ts';
import { lazy } from './lazy.ts';
import { lazyPort } from './lazy-port.ts';
import type { MinuteTimerTarget } from './scheduler-minute-timers.ts';

/** Loads the client of EventBridge Scheduler with the first timer that is started or stopped: most calls change none. */
const loadScheduler = lazy(async () => {
  const [{ schedulerClient }, timers] = await Promise.all([
    import('./scheduler-client.ts'),
    import('./scheduler-minute-timers.ts'),
  ]);
  return { client: schedulerClient(), ...timers };
});

/** Starts timers of EventBridge Scheduler. */
export function lazyMinuteTimers(target: MinuteTimerTarget): Pick<MinuteTimers, 'start'> {
  return lazyPort(['start'], async () => {
    const { client, SchedulerMinuteTimers } = await loadScheduler();
    return new SchedulerMinuteTimers(client, target, Date);
  });
}

/** Stops timers of EventBridge Scheduler. */
export function lazyRunningMinuteTimers(group: string): Pick<MinuteTimers, 'stop'> {
  return lazyPort(['stop'], async () => {
    const { client, RunningMinuteTimers } = await loadScheduler();
    return new RunningMinuteTimers(client, group);
  });
}
