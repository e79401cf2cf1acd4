import { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { expect, it } from 'vitest';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { readScheduleEnvironment } from '../../lib/core/config/schedule-environment.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

function statementsOf(template: Template, beginning: string) {
  const { Statement } = resource(template, 'AWS::IAM::Policy', beginning).properties.PolicyDocument;
  return readable(Statement) as { Action: string | string[]; Resource: string }[];
}

function scheduleFunction(template: Template) {
  return resource(template, 'AWS::Lambda::Function', 'ServiceApiSchedulesFunction');
}

function environmentOf(template: Template) {
  const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceApiFunction').properties
    .Environment;
  return readApiEnvironment(readable(Variables) as Record<string, string>);
}

it('are off by default', () => {
  const { template } = serviceInApp({ api: {} });
  expect(resources(template()).filter(({ id }) => id.includes('Schedule'))).toEqual([]);
  expect(environmentOf(template())).toMatchObject({
    scheduleGroup: '',
    scheduleRole: '',
    scheduleDeadLetterQueueArn: '',
    scheduleFunctionArn: '',
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
    scheduleFunctionArn: `<${scheduleFunction(template).id}.Arn>`,
  });
  const sending = statementsOf(template, 'ServiceApiSchedulesRole');
  const firing = `<${scheduleFunction(template).id}.Arn>`;
  expect(sending).toEqual([
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: [deadLetters, input] },
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: firing },
  ]);
  expect(statementsOf(template, 'ServiceApiFunctionRole')).toEqual(
    expect.arrayContaining([
      {
        Effect: 'Allow',
        Action: ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule', 'scheduler:GetSchedule'],
        Resource: `arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/${group}/*`,
      },
      {
        Effect: 'Allow',
        Action: 'dynamodb:DeleteItem',
        Resource: expect.any(String),
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['schedule#*'] } },
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

it('let a function submit the requests of recurring ones, and keep firings that failed', () => {
  const template = serviceInApp({ api: { schedules: true } }).template();
  const { properties } = scheduleFunction(template);
  const variables = readable(properties.Environment.Variables) as Record<string, string>;
  const input = resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue').id;
  expect(readScheduleEnvironment(variables)).toMatchObject({
    inputQueueUrl: `<${input}>`,
    topics: ['*'],
    payloadPrefix: 'payloads/',
    scheduleGroup: resource(template, 'AWS::Scheduler::ScheduleGroup').properties.Name,
  });
  const deadLetters = resource(template, 'AWS::SQS::Queue', 'ServiceApiSchedulesDeadLetters').id;
  expect(readable(properties.DeadLetterConfig)).toEqual({ TargetArn: `<${deadLetters}.Arn>` });
  // Lambda repeats an invocation after a minute. The lease of the run has ended then.
  expect(properties.Timeout).toBeLessThan(30);
});

it('are recurring only in a service that keeps order, which refuses later starts', () => {
  const template = serviceInApp({ api: { schedules: true }, order: 'fifo' }).template();
  const deadLetters = resource(template, 'AWS::SQS::Queue', 'ServiceApiSchedulesDeadLetters').id;
  expect(statementsOf(template, 'ServiceApiSchedulesRole').map(({ Resource }) => Resource)).toEqual([
    `<${deadLetters}.Arn>`,
    `<${scheduleFunction(template).id}.Arn>`,
  ]);
  const actions = statementsOf(template, 'ServiceApiFunctionRole').flatMap(({ Action }) => Action);
  expect(actions.filter((action) => action.startsWith('scheduler:'))).toEqual([
    'scheduler:CreateSchedule',
    'scheduler:DeleteSchedule',
  ]);
});

it('are removed by DELETE', () => {
  const methodsOf = (schedules: boolean) => {
    const corsOrigins = ['https://app.example.com'];
    // A service that can be paused has the method anyway.
    const circuitBreaker = { pauseEventSource: false };
    const template = serviceInApp({ api: { schedules, corsOrigins }, circuitBreaker }).template();
    const routes = resources(template).filter(({ type }) => type === 'AWS::ApiGatewayV2::Route');
    const { AllowMethods } = resource(template, 'AWS::ApiGatewayV2::Api').properties.CorsConfiguration;
    expect(routes.map(({ properties }) => properties.RouteKey.split(' ')[0])).toEqual(AllowMethods);
    return AllowMethods;
  };
  expect(methodsOf(true)).toEqual(['GET', 'POST', 'DELETE']);
  expect(methodsOf(false)).toEqual(['GET', 'POST']);
});

it('send to the queues of added processors too', () => {
  const { service, template } = serviceInApp({ api: { schedules: true }, topics: ['images.*'] });
  service.addProcessor('Reports', { entry: 'test/constructs/fixtures/processor.ts', topics: ['reports'] });
  const reports = resource(template(), 'AWS::SQS::Queue', 'ServiceReportsInputQueue').id;
  const sending = statementsOf(template(), 'ServiceApiSchedulesRole');
  expect(sending.flatMap(({ Resource }) => Resource)).toContain(`<${reports}.Arn>`);
  const submitting = statementsOf(template(), 'ServiceApiSchedulesFunctionRole');
  expect(submitting.flatMap(({ Resource }) => Resource)).toContain(`<${reports}.Arn>`);
  const { Variables } = scheduleFunction(template()).properties.Environment;
  const { otherProcessors } = readScheduleEnvironment(readable(Variables) as Record<string, string>);
  expect(otherProcessors).toMatchObject([{ inputQueueName: `<${reports}.QueueName>`, topics: ['reports'] }]);
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
