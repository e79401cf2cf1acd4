import { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { expect, it } from 'vitest';
import { readActionEnvironment } from '../../lib/core/config/action-environment.ts';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { serviceOnFargate } from './fargate/service-on-fargate.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

function statementsOf(template: Template, beginning: string) {
  const { Statement } = resource(template, 'AWS::IAM::Policy', beginning).properties.PolicyDocument;
  return readable(Statement) as { Action: string | string[]; Resource: string | string[] }[];
}

function environmentOf(template: Template, beginning: string) {
  const { Variables } = resource(template, 'AWS::Lambda::Function', beginning).properties.Environment;
  return readable(Variables) as Record<string, string>;
}

/** The actions that a role has on a queue. */
function allowedOn(template: Template, role: string, queue: string): string[] {
  const arn = `<${resource(template, 'AWS::SQS::Queue', queue).id}.Arn>`;
  return statementsOf(template, role)
    .filter(({ Resource }) => [Resource].flat().includes(arn))
    .flatMap(({ Action }) => Action)
    .toSorted();
}

const DEAD_LETTERS = 'ServiceInputDeadLetters';

it('are off by default: nothing can read the dead letters', () => {
  const template = serviceInApp({ api: {} }).template();
  expect(resources(template).filter(({ id }) => id.includes('Action'))).toEqual([]);
  expect(readApiEnvironment(environmentOf(template, 'ServiceApiFunction')).actionFunctionArn).toBe('');
  expect(allowedOn(template, 'ServiceApiFunctionRole', DEAD_LETTERS)).toEqual([]);
});

it('have a function, which the timers of actions invoke, and which the API starts', () => {
  const template = serviceInApp({ api: { actions: true } }).template();
  const group = resource(template, 'AWS::Scheduler::ScheduleGroup').properties.Name;
  const firing = `<${resource(template, 'AWS::Lambda::Function', 'ServiceApiActions').id}.Arn>`;
  const role = `<${resource(template, 'AWS::IAM::Role', 'ServiceApiActionsRole').id}.Arn>`;
  const deadLetterQueueUrl = `<${resource(template, 'AWS::SQS::Queue', DEAD_LETTERS).id}>`;
  expect(readApiEnvironment(environmentOf(template, 'ServiceApiFunction'))).toMatchObject({
    deadLetterQueueUrl,
    actionGroup: group,
    actionRole: role,
    actionFunctionArn: firing,
  });
  expect(readActionEnvironment(environmentOf(template, 'ServiceApiActionsFunction'))).toMatchObject({
    deadLetterQueueUrl,
    scheduleGroup: group,
    highInputQueueUrl: '',
  });
  expect(statementsOf(template, 'ServiceApiActionsRole')).toEqual([
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: firing },
  ]);
});

it('are planned without the right to delete a dead letter, and applied with it', () => {
  const template = serviceInApp({ api: { actions: true } }).template();
  const reading = ['sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
  expect(allowedOn(template, 'ServiceApiFunctionRole', DEAD_LETTERS)).toEqual(reading);
  expect(allowedOn(template, 'ServiceApiActionsFunctionRole', DEAD_LETTERS)).toEqual(
    [...reading, 'sqs:DeleteMessage'].toSorted(),
  );
});

it.each([
  ['function', {}, 'AWS::Lambda::Function', 'ServiceProcessorFunction'],
  ['alias of its releases', { release: {} }, 'AWS::Lambda::Alias', 'ServiceProcessor'],
])('rehearse on the processor’s %s, and may invoke no other', (_, props, type, beginning) => {
  const template = serviceInApp({ api: { actions: true }, ...props }).template();
  const { rehearsalFunctionArn } = readActionEnvironment(
    environmentOf(template, 'ServiceApiActionsFunction'),
  );
  expect(rehearsalFunctionArn).toContain(resource(template, type, beginning).id);
  expect(readApiEnvironment(environmentOf(template, 'ServiceApiFunction'))).toMatchObject({
    rehearsalFunctionArn,
  });
  const invoking = statementsOf(template, 'ServiceApiActionsFunctionRole').filter(({ Action }) =>
    [Action].flat().includes('lambda:InvokeFunction'),
  );
  expect(invoking).toEqual([
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: rehearsalFunctionArn },
  ]);
});

it('rehearse nothing on Fargate, where no processor can be invoked', () => {
  const template = serviceOnFargate({}, { api: { actions: true } }).template();
  expect(readApiEnvironment(environmentOf(template, 'ServiceApiFunction')).rehearsalFunctionArn).toBe('');
});

it('put requests back into the lanes of the service', () => {
  const template = serviceInApp({ api: { actions: true }, queue: { lanes: {} } }).template();
  const environment = readActionEnvironment(environmentOf(template, 'ServiceApiActionsFunction'));
  const queues = ['ServiceInputQueue', 'ServiceHighInput', 'ServiceLowInput'];
  expect([environment.inputQueueUrl, environment.highInputQueueUrl, environment.lowInputQueueUrl]).toEqual(
    queues.map((queue) => `<${resource(template, 'AWS::SQS::Queue', queue).id}>`),
  );
  for (const queue of queues) {
    expect(allowedOn(template, 'ServiceApiActionsFunctionRole', queue)).toEqual(['sqs:SendMessage']);
  }
});

it('alarm when a step fails', () => {
  const { service } = serviceInApp({ api: { actions: true } });
  expect(service.alarms.map(({ node }) => node.id)).toContain('ActionErrors');
});

nagIt('have no findings, with a key or without', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  serviceIn(stack, {
    api: { actions: true },
    encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }),
  });
  expect(nagFindingsIn(stack)).toEqual([]);
});
