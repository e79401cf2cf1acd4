import type { RemovableMessages } from '../core/ports/delayed-messages.ts';
import { lazy } from './lazy.ts';
import { lazyPort } from './lazy-port.ts';
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
export function lazyDelayedMessages(target: ScheduleTarget): RemovableMessages {
  return lazyPort(['schedule', 'find', 'remove'], async () => (await loadScheduler())(target));
}
