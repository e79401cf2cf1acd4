import type { BatchKey } from '../core/ports/batch-store.ts';
import type { BatchTimers } from '../core/ports/batch-timers.ts';
import { lazy } from './lazy.ts';
import type { BatchTimerTarget } from './scheduler-batch-timers.ts';

/** Loads the client of EventBridge Scheduler with the first batch that is created or has ended: most calls change no timer. */
const loadScheduler = lazy(async () => {
  const [{ schedulerClient }, timers] = await Promise.all([
    import('./scheduler-client.ts'),
    import('./scheduler-batch-timers.ts'),
  ]);
  return { client: schedulerClient(), ...timers };
});

/** Starts timers of EventBridge Scheduler. */
export class LazyBatchTimers implements Pick<BatchTimers, 'start'> {
  readonly #target: BatchTimerTarget;

  constructor(target: BatchTimerTarget) {
    this.#target = target;
  }

  async start(batch: BatchKey): Promise<void> {
    const { client, SchedulerBatchTimers } = await loadScheduler();
    await new SchedulerBatchTimers(client, this.#target, Date).start(batch);
  }
}

/** Stops timers of EventBridge Scheduler. */
export class LazyRunningBatchTimers implements Pick<BatchTimers, 'stop'> {
  readonly #group: string;

  constructor(group: string) {
    this.#group = group;
  }

  async stop(batch: BatchKey): Promise<void> {
    const { client, RunningBatchTimers } = await loadScheduler();
    await new RunningBatchTimers(client, this.#group).stop(batch);
  }
}
