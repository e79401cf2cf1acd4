import type { AlarmSource } from '../core/ports/alarms.ts';
import { lazy } from './lazy.ts';

/** The alarms of a stack in CloudWatch, whose client is loaded when the first operator asks. @param prefix of their names */
export function lazyAlarms(prefix: string): AlarmSource {
  const source = lazy(async () => {
    const { CloudWatchAlarms, alarmClient } = await import('./cloudwatch-alarms.ts');
    return new CloudWatchAlarms(alarmClient(), prefix);
  });
  return { read: async () => (await source()).read() };
}
