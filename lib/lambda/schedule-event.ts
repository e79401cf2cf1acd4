import { isObject } from '../core/base/json-object.ts';
import { quote } from '../core/base/quote.ts';
import type { ScheduleTimer } from '../core/ports/schedule-timers.ts';

/** The timer whose firing invokes a function. @throws TypeError for an event that no timer sends */
export function timerOf(event: unknown): ScheduleTimer {
  const { name, tenant, revision, createdAt } = isObject(event) ? event : {};
  if (
    typeof name === 'string' &&
    (tenant === undefined || typeof tenant === 'string') &&
    typeof revision === 'string' &&
    typeof createdAt === 'number'
  ) {
    return { name, tenant, revision, createdAt };
  }
  throw new TypeError(`Expected the timer of a schedule, got ${quote(event, 200)}`);
}
