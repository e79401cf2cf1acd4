import { Stack } from 'aws-cdk-lib';
import { expect, it } from 'vitest';
import type { ServiceScheduleProps } from '../../lib/constructs/index.ts';
import { decodedRequest } from '../support/decoded.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

function scheduled(props: ServiceScheduleProps) {
  const { service, template } = serviceInApp({});
  service.addSchedule('Nightly', props);
  const { properties } = resource(template(), 'AWS::Scheduler::Schedule');
  return { template: template(), schedule: properties };
}

it('sends a request to the input queue at each run', () => {
  const { template, schedule } = scheduled({
    cron: '30 2 * * MON-FRI',
    timeZone: 'Europe/Berlin',
    payload: { report: '<sales>' },
    topic: 'reports',
    tenant: 'acme',
    metadata: { a: 'b' },
  });
  expect(schedule).toMatchObject({
    ScheduleExpression: 'cron(30 2 ? * MON,TUE,WED,THU,FRI *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
    FlexibleTimeWindow: { Mode: 'OFF' },
    State: 'ENABLED',
  });
  const input = resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue').id;
  expect(readable(schedule.Target.Arn)).toBe(`<${input}.Arn>`);
  // What EventBridge Scheduler makes of it.
  const message = String(schedule.Target.Input).replaceAll(
    '<aws.scheduler.scheduled-time>',
    '2026-12-01T01:30:00Z',
  );
  expect(decodedRequest(message)).toMatchObject({
    id: 'Nightly.2026-12-01T01:30:00Z',
    source: '',
    tenant: 'acme',
    topic: 'reports',
    metadata: { a: 'b' },
    contentType: 'application/json',
    submittedAt: Date.UTC(2026, 11, 1, 1, 30),
    payload: { inline: '{"report":"<sales>"}' },
  });
});

it('may be every some minutes, and leave out what it missed', () => {
  const { schedule } = scheduled({ everyMinutes: 90, payload: 'text', missed: 'skip' });
  expect(schedule).toMatchObject({
    ScheduleExpression: 'rate(90 minutes)',
    Target: { RetryPolicy: { MaximumEventAgeInSeconds: 60 } },
  });
});

it('lets EventBridge Scheduler send to the input queue alone', () => {
  const { template } = scheduled({ everyMinutes: 5, payload: 1 });
  const roles = resources(template).filter(
    ({ id, type }) => type === 'AWS::IAM::Policy' && id.includes('Scheduler'),
  );
  const statements = roles.flatMap(({ properties }) => properties.PolicyDocument.Statement);
  expect(statements.flatMap(({ Action }) => Action).filter((action) => action !== 'sqs:SendMessage')).toEqual(
    [],
  );
  expect(statements.length).toBeGreaterThan(0);
});

it.each<[Partial<ServiceScheduleProps>, string]>([
  [{ cron: '0 6 * *' }, 'cron must have 5 fields'],
  [{ cron: '0 6 * * *', timeZone: 'Berlin' }, 'timeZone must be a time zone of the IANA database'],
  [{}, 'A schedule must have one of cron and everyMinutes, got none'],
  [{ everyMinutes: 5, topic: 'a b' }, 'topic must have 1 to 128 characters'],
])('%j is refused', (props, problem) => {
  const { service } = serviceInApp({});
  expect(() => service.addSchedule('Nightly', { payload: 1, ...props })).toThrow(
    `Stack/Service/Nightly is invalid: ${problem}`,
  );
});

it('is refused by a service that keeps order', () => {
  const { service } = serviceInApp({ order: 'fifo' });
  expect(() => service.addSchedule('Nightly', { everyMinutes: 5, payload: 1 })).toThrow(
    'Stack/Service/Nightly needs a service without order: EventBridge Scheduler sends to no FIFO queue of it. With api: { schedules: true }',
  );
});

nagIt('has no findings', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  serviceIn(stack, {}).service.addSchedule('Nightly', { everyMinutes: 5, payload: 1 });
  expect(nagFindingsIn(stack)).toEqual([]);
});
