import type { ActivityLog, LoggedActivity } from '../core/ports/activity-log.ts';
import type { MeasuredService } from './cloudwatch-activity-log.ts';
import { lazy } from './lazy.ts';

/** Loads the client of CloudWatch with the first read: most calls of the API read no metric. */
export class LazyActivityLog implements ActivityLog {
  readonly #log: () => Promise<ActivityLog>;

  constructor(services: readonly MeasuredService[]) {
    this.#log = lazy(async () => {
      const [{ CloudWatchClient }, { CloudWatchActivityLog }, { SMALL_CALLS }] = await Promise.all([
        import('@aws-sdk/client-cloudwatch'),
        import('./cloudwatch-activity-log.ts'),
        import('./clients.ts'),
      ]);
      const client = new CloudWatchClient({ requestHandler: SMALL_CALLS });
      return new CloudWatchActivityLog(client, services, Date.now);
    });
  }

  async read(from: number, to: number): Promise<LoggedActivity> {
    return (await this.#log()).read(from, to);
  }
}
