import type { MinuteTimers, TimerKey } from '../core/ports/minute-timers.ts';
import { lazy } from './lazy.ts';
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
export class LazyMinuteTimers implements Pick<MinuteTimers, 'start'> {
  readonly #target: MinuteTimerTarget;

  constructor(target: MinuteTimerTarget) {
    this.#target = target;
  }

  async start(key: TimerKey): Promise<void> {
    const { client, SchedulerMinuteTimers } = await loadScheduler();
    await new SchedulerMinuteTimers(client, this.#target, Date).start(key);
  }
}

/** Stops timers of EventBridge Scheduler. */
export class LazyRunningMinuteTimers implements Pick<MinuteTimers, 'stop'> {
  readonly #group: string;

  constructor(group: string) {
    this.#group = group;
  }

  async stop(key: TimerKey): Promise<void> {
    const { client, RunningMinuteTimers } = await loadScheduler();
    await new RunningMinuteTimers(client, this.#group).stop(key);
  }
}
