import { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { expect, it } from 'vitest';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

function statementsOf(template: Template, beginning: string) {
  const { Statement } = resource(template, 'AWS::IAM::Policy', beginning).properties.PolicyDocument;
  return readable(Statement) as { Action: string | string[]; Resource: string }[];
}

function environmentOf(template: Template) {
  const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceApi').properties.Environment;
  return readApiEnvironment(readable(Variables) as Record<string, string>);
}

it('are off by default', () => {
  const { template } = serviceInApp({ api: {} });
  expect(resources(template()).filter(({ type }) => type.startsWith('AWS::Scheduler::'))).toEqual([]);
  expect(environmentOf(template())).toMatchObject({
    scheduleGroup: '',
    scheduleRole: '',
    scheduleDeadLetterQueueArn: '',
    uploadAgeDays: 15,
  });
});

it('let the API schedule requests, and the scheduler send them', () => {
  const template = serviceInApp({ api: { schedules: true } }).template();
  const group = resource(template, 'AWS::Scheduler::ScheduleGroup').properties.Name;
  const role = `<${resource(template, 'AWS::IAM::Role', 'ServiceApiSchedulesRole').id}.Arn>`;
  const deadLetters = `<${resource(template, 'AWS::SQS::Queue', 'ServiceApiSchedulesDeadLetters').id}.Arn>`;
  const input = `<${resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue').id}.Arn>`;
  expect(environmentOf(template)).toMatchObject({
    scheduleGroup: group,
    scheduleRole: role,
    scheduleDeadLetterQueueArn: deadLetters,
  });
  const sending = statementsOf(template, 'ServiceApiSchedulesRole');
  expect(sending.map(({ Action }) => Action)).toEqual(['sqs:SendMessage']);
  expect(new Set(sending.flatMap(({ Resource }) => Resource))).toEqual(new Set([deadLetters, input]));
  expect(statementsOf(template, 'ServiceApiFunctionRole')).toEqual(
    expect.arrayContaining([
      {
        Effect: 'Allow',
        Action: 'scheduler:CreateSchedule',
        Resource: `arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${group}/*`,
      },
      {
        Effect: 'Allow',
        Action: 'iam:PassRole',
        Resource: role,
        Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      },
    ]),
  );
});

it('send to the queues of added processors too', () => {
  const { service, template } = serviceInApp({ api: { schedules: true }, topics: ['images.*'] });
  service.addProcessor('Reports', { entry: 'test/constructs/fixtures/processor.ts', topics: ['reports'] });
  const reports = resource(template(), 'AWS::SQS::Queue', 'ServiceReportsInputQueue').id;
  const sending = statementsOf(template(), 'ServiceApiSchedulesRole');
  expect(sending.flatMap(({ Resource }) => Resource)).toContain(`<${reports}.Arn>`);
});

it('alarm when a request could not be sent', () => {
  const { service } = serviceInApp({ api: { schedules: true } });
  expect(service.alarms.map(({ node }) => node.id)).toContain('ScheduleDeadLetters');
});

nagIt('have no findings, with a key or without', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  serviceIn(stack, {
    api: { schedules: true },
    encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }),
  });
  expect(nagFindingsIn(stack)).toEqual([]);
});
