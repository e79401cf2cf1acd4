import { App, CfnOutput, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { expect, test } from 'vitest';
import { AsyncService, type AsyncServiceProps } from '../../../lib/constructs/index.ts';
import { readServiceOutput } from '../../../lib/core/config/service-outputs.ts';
import { ENTRY, emptyApp } from '../service-in-app.ts';

function serviceIn(scope: Construct, id: string, props: Partial<AsyncServiceProps> = {}): AsyncService {
  return new AsyncService(scope, id, { entry: ENTRY, ...props });
}

/** The outputs of all services: `Orders: ApiUrl, …`. */
function outputsOf(stack: Stack): string[] {
  const found = new Map<string, string[]>();
  const { Outputs = {} } = Template.fromStack(stack).toJSON();
  for (const { Description = '', Value } of Object.values<{ Description?: string; Value: unknown }>(
    Outputs,
  )) {
    const output = readServiceOutput(Description);
    if (!output) continue;
    expect(Value).toBeTruthy();
    found.set(output.service, [...(found.get(output.service) ?? []), output.name]);
  }
  return [...found].map(([service, names]) => `${service}: ${names.sort().join(', ')}`);
}

const ALWAYS = [
  'DeadLetterQueueUrl',
  'EventSourceId',
  'InputQueueUrl',
  'OutputQueueUrl',
  'PayloadBucketName',
  'ProcessorEntry',
  'ProcessorFunctionName',
  'ProcessorLogGroupName',
  'RequestTableName',
];

function listed(service: string, ...more: readonly string[]): string {
  return `${service}: ${[...ALWAYS, ...more].sort().join(', ')}`;
}

test('E2: services in one stack don’t collide with each other or with other outputs', () => {
  const stack = new Stack(emptyApp(), 'Shop');
  new CfnOutput(stack, 'ApiUrl', { value: 'of another' });
  serviceIn(stack, 'Orders', { api: {} });
  serviceIn(new Construct(stack, 'Backend'), 'Orders', { webhooks: {} });
  serviceIn(stack, 'Quiet', { output: { queue: new Queue(stack, 'Own') } });
  expect(outputsOf(stack)).toEqual([
    listed('Orders', 'ApiUrl', 'OutputDeadLetterQueueUrl'),
    listed(
      'Backend/Orders',
      'OutputDeadLetterQueueUrl',
      'WebhookDeadLetterQueueUrl',
      'WebhookQueueUrl',
      'WebhookSecretArn',
    ),
    listed('Quiet'),
  ]);
});

test('E2: services of nested stacks have their outputs in the deployed stack', () => {
  const stack = new Stack(emptyApp(), 'Shop');
  serviceIn(new NestedStack(new NestedStack(stack, 'Outer'), 'Inner'), 'Orders');
  serviceIn(new NestedStack(stack, 'Other'), 'Orders');
  expect(outputsOf(stack)).toEqual([
    listed('Outer/Inner/Orders', 'OutputDeadLetterQueueUrl'),
    listed('Other/Orders', 'OutputDeadLetterQueueUrl'),
  ]);
});

test('E2: the name of a service has no prefix for its stage', () => {
  const stack = new Stack(new Stage(emptyApp(), 'Prod'), 'Shop');
  serviceIn(stack, 'Orders');
  expect(outputsOf(stack)).toEqual([listed('Orders', 'OutputDeadLetterQueueUrl')]);
});

test('E2: the entry is relative to the folder in which the app runs', () => {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Shop');
  serviceIn(stack, 'Orders', { entry: `${process.cwd()}/${ENTRY}` });
  Template.fromStack(stack).hasOutput('*', { Value: ENTRY });
});
