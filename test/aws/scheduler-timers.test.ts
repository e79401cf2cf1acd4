import { type CreateScheduleCommandInput, SchedulerClient } from '@aws-sdk/client-scheduler';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SchedulerTimers } from '../../lib/aws/scheduler-timers.ts';
import { newSchedule } from '../../lib/core/intake/schedules.ts';
import { nextRun } from '../../lib/core/model/schedule.ts';
import { timerOf } from '../../lib/lambda/schedule-event.ts';
import { clientConfig, type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { START } from '../support/test-clock.ts';

const TARGET = {
  scheduleGroup: 'group',
  scheduleRole: 'arn:aws:iam::123456789012:role/scheduler',
  functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:schedule',
  deadLetterQueueArn: 'arn:aws:sqs:us-east-1:123456789012:dead',
};

const answered =
  (status: number, type?: string): Script =>
  (_, response) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(type && { 'x-amzn-errortype': type }),
    });
    response.end(JSON.stringify({ Message: 'Invalid Schedule Expression Timezone.' }));
  };

let endpoint: ScriptedEndpoint;
let timers: SchedulerTimers;
beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(answered(200)).start();
  timers = new SchedulerTimers(
    new SchedulerClient({ ...clientConfig(endpoint.url), maxAttempts: 2 }),
    TARGET,
  );
});
afterEach(() => endpoint[Symbol.asyncDispose]());

const SCHEDULE = newSchedule(
  {
    name: 'sales',
    tenant: 'a<aws.scheduler.schedule-arn>b',
    cron: '30 6 * * MON-FRI',
    timeZone: 'Europe/Berlin',
    endAt: new Date(START + 30 * 86_400_000),
    payload: Buffer.from('1'),
    contentType: 'application/json',
  },
  START,
);

function firstOf(schedule: typeof SCHEDULE): number {
  return nextRun(schedule, schedule.createdAt) ?? Number.NaN;
}

function bodies(): CreateScheduleCommandInput[] {
  return endpoint.calls.map(({ body }) => JSON.parse(body.toString()));
}

test('a timer is a schedule in the group, which names its revision', async () => {
  await timers.start(SCHEDULE, 'r-1', firstOf(SCHEDULE));
  const [call] = endpoint.calls;
  const [body] = bodies();
  expect(call).toMatchObject({ method: 'POST' });
  const name = call?.url.split('/').at(-1) ?? '';
  expect(name).toMatch(/^sales-[0-9a-f]{32}$/);
  expect(body).toMatchObject({
    GroupName: 'group',
    ScheduleExpression: 'cron(30 6 ? * MON,TUE,WED,THU,FRI *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
    StartDate: Date.UTC(2026, 1, 2, 5, 29) / 1000,
    EndDate: START / 1000 + 30 * 86_400 + 120,
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    Target: {
      Arn: TARGET.functionArn,
      RoleArn: TARGET.scheduleRole,
      DeadLetterConfig: { Arn: TARGET.deadLetterQueueArn },
    },
  });
  const Input = body?.Target?.Input ?? '';
  expect(Input).not.toContain('<');
  expect(timerOf(JSON.parse(Input))).toEqual({
    name: 'sales',
    tenant: SCHEDULE.tenant,
    revision: 'r-1',
    createdAt: START,
  });

  await timers.stop(SCHEDULE, 'r-1');
  await timers.stop(SCHEDULE, 'r-2');
  const removed = endpoint.calls
    .slice(1)
    .map(({ method, url }) => [method, new URL(url, 'http://a')] as const);
  expect(removed.map(([method]) => method)).toEqual(['DELETE', 'DELETE']);
  expect(removed[0]?.[1].pathname.split('/').at(-1)).toBe(name);
  expect(removed[1]?.[1].pathname.split('/').at(-1)).not.toBe(name);
});

test('a rate starts at its first run, in the next whole second', async () => {
  const { cron: _, ...rest } = SCHEDULE;
  const rate = { ...rest, everyMinutes: 15, createdAt: START + 1, endAt: undefined, name: 'n'.repeat(64) };
  await timers.start(rate, 'r-1', firstOf(rate));
  expect(bodies()[0]).toMatchObject({
    ScheduleExpression: 'rate(15 minutes)',
    StartDate: START / 1000 + 15 * 60 + 1,
  });
  expect(bodies()[0]).not.toHaveProperty('EndDate');
  expect(endpoint.calls[0]?.url.split('/').at(-1)).toHaveLength(64);
});

test('a cron that is due within a minute starts at once', async () => {
  const minutely = { ...SCHEDULE, cron: '* * * * *' };
  await timers.start(minutely, 'r-1', firstOf(minutely));
  expect(bodies()[0]).not.toHaveProperty('StartDate');
});

test('a call whose answer was lost is repeated', async () => {
  endpoint.script = (call, response) => {
    if (endpoint.calls.length === 1) response.destroy();
    else answered(409, 'ConflictException')(call, response);
  };
  await timers.start(SCHEDULE, 'r-1', firstOf(SCHEDULE));
  expect(endpoint.calls).toHaveLength(2);
});

test('there may be no timer to stop', async () => {
  endpoint.script = answered(404, 'ResourceNotFoundException');
  await timers.stop(SCHEDULE, 'r-1');
  expect(endpoint.calls).toMatchObject([{ method: 'DELETE' }]);
});

test('what EventBridge Scheduler refuses is invalid', async () => {
  endpoint.script = answered(400, 'ValidationException');
  await expect(timers.start(SCHEDULE, 'r-1', firstOf(SCHEDULE))).rejects.toMatchObject({
    code: 'schedule_invalid',
    message: 'The schedule is refused: Invalid Schedule Expression Timezone.',
  });
});

test.each([undefined, null, {}, { name: 'a', revision: 'r', createdAt: '1' }, { name: 'a', tenant: 1 }])(
  '%j is no firing',
  (event) => {
    expect(() => timerOf(event)).toThrow('Expected the timer of a schedule, got');
  },
);
