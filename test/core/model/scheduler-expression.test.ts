import { expect, test } from 'vitest';
import { parseCron } from '../../../lib/core/model/cron.ts';
import { schedulerCron, schedulerExpression } from '../../../lib/core/model/scheduler-expression.ts';

test.each([
  ['* * * * *', 'cron(* * * * ? *)'],
  ['30 6 * * MON-FRI', 'cron(30 6 ? * MON,TUE,WED,THU,FRI *)'],
  ['0 0 * * 0', 'cron(0 0 ? * SUN *)'],
  ['0 0 * * 7', 'cron(0 0 ? * SUN *)'],
  ['0 0 * * 5-7', 'cron(0 0 ? * SUN,FRI,SAT *)'],
  ['*/20 9,17 1 JAN,7 *', 'cron(0,20,40 9,17 1 1,7 ? *)'],
  ['0-59 0 1-31 * *', 'cron(* 0 * * ? *)'],
])('%s is %s', (expression, expected) => {
  expect(schedulerCron(parseCron(expression))).toBe(expected);
});

test.each([
  [{ cron: '0 0 * * 0' }, 'cron(0 0 ? * SUN *)'],
  [{ everyMinutes: 1 }, 'rate(1 minute)'],
  [{ everyMinutes: 90 }, 'rate(90 minutes)'],
])('%j is %s', (recurrence, expected) => {
  expect(schedulerExpression({ ...recurrence, timeZone: 'UTC', createdAt: 0 })).toBe(expected);
});
