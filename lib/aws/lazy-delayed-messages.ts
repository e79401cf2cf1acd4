import type { RemovableMessages } from '../core/ports/delayed-messages.ts';
import { lazy } from './lazy.ts';
import type { ScheduleTarget } from './scheduler-delayed-messages.ts';

/** Loads the client of EventBridge Scheduler with the first message: most requests start at once. */
const loadScheduler = lazy(async () => {
  const [{ schedulerClient }, { SchedulerDelayedMessages }] = await Promise.all([
    import('./scheduler-client.ts'),
    import('./scheduler-delayed-messages.ts'),
  ]);
  const client = schedulerClient();
  return (target: ScheduleTarget) => new SchedulerDelayedMessages(client, target);
});

/** Sends messages to an SQS queue by EventBridge Scheduler. */
export class LazyDelayedMessages implements RemovableMessages {
  readonly #target: ScheduleTarget;

  constructor(target: ScheduleTarget) {
    this.#target = target;
  }

  async schedule(name: string, message: string, at: number): Promise<void> {
    const messagesTo = await loadScheduler();
    await messagesTo(this.#target).schedule(name, message, at);
  }

  async find(name: string): Promise<string | undefined> {
    const messagesTo = await loadScheduler();
    return messagesTo(this.#target).find(name);
  }

  async remove(name: string): Promise<void> {
    const messagesTo = await loadScheduler();
    await messagesTo(this.#target).remove(name);
  }
}
