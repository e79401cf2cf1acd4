import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SMALL_CALLS } from './clients.ts';

/** A client for EventBridge Scheduler. */
export function schedulerClient(): SchedulerClient {
  return new SchedulerClient({ requestHandler: SMALL_CALLS });
}
