import type { AlarmSource } from '../core/ports/alarms.ts';
import type { AlarmNames } from './cloudwatch-alarms.ts';
import { lazyPort } from './lazy-port.ts';

/** The alarms of a service in CloudWatch, whose client is loaded when the first operator asks. */
export function lazyAlarms(names: AlarmNames): AlarmSource {
  return lazyPort(['read'], async () => {
    const { CloudWatchAlarms, alarmClient } = await import('./cloudwatch-alarms.ts');
    return new CloudWatchAlarms(alarmClient(), names);
  });
}
