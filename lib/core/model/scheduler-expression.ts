import { type Cron, parseCron } from './cron.ts';
import type { Recurrence } from './schedule.ts';

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** When a schedule has runs, as EventBridge Scheduler takes it, without time zone, start and end. */
export function schedulerExpression({ cron, everyMinutes = 1 }: Recurrence): string {
  if (cron !== undefined) return schedulerCron(parseCron(cron));
  return `rate(${everyMinutes} ${everyMinutes === 1 ? 'minute' : 'minutes'})`;
}

/**
 * A cron expression as EventBridge Scheduler takes it: six fields, of which the day of month or the day of week is `?`, and days
 * of the week have other numbers.
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function schedulerCron({ minutes, hours, daysOfMonth, months, daysOfWeek }: Cron): string {
  const isOfWeek = daysOfWeek.length < DAYS.length;
  const fields = [
    listOf(minutes, 60),
    listOf(hours, 24),
    isOfWeek ? '?' : listOf(daysOfMonth, 31),
    listOf(months, 12),
    isOfWeek ? daysOfWeek.map((day) => DAYS[day]).join(',') : '?',
    '*',
  ];
  return `cron(${fields.join(' ')})`;
}

/** @param all how many values there are */
function listOf(values: readonly number[], all: number): string {
  return values.length === all ? '*' : values.join(',');
}
