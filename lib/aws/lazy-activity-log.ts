import type { ActivityLog } from '../core/ports/activity-log.ts';
import type { MeasuredService } from './cloudwatch-activity-log.ts';
import { lazyPort } from './lazy-port.ts';

/** Loads the client of CloudWatch with the first read: most calls of the API read no metric. */
export function lazyActivityLog(services: readonly MeasuredService[]): ActivityLog {
  return lazyPort(['read'], async () => {
    const [{ CloudWatchClient }, { CloudWatchActivityLog }, { SMALL_CALLS }] = await Promise.all([
      import('@aws-sdk/client-cloudwatch'),
      import('./cloudwatch-activity-log.ts'),
      import('./clients.ts'),
    ]);
    const client = new CloudWatchClient({ requestHandler: SMALL_CALLS });
    return new CloudWatchActivityLog(client, services, Date.now);
  });
}
