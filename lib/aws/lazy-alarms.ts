import type { AlarmSource } from '../core/ports/alarms.ts';
import type { AlarmNames } from './cloudwatch-alarms.ts';
import { lazy } from './lazy.ts';

/** The alarms of a service in CloudWatch, whose client is loaded when the first operator asks. */
export function lazyAlarms(names: AlarmNames): AlarmSource {
  const source = lazy(async () => {
    const { CloudWatchAlarms, alarmClient } = await import('./cloudwatch-alarms.ts');
    return new CloudWatchAlarms(alarmClient(), names);
  });
  return { read: async () => (await source()).read() };
}
