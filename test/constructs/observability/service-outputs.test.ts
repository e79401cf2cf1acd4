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

/** The outputs by which services are found: `Orders: ApiUrl, …`. */
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

test("E2: several services in a team's own stack clash neither with each other nor with its outputs", () => {
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

test('E2: services of nested stacks are found by the stack that is deployed', () => {
  const stack = new Stack(emptyApp(), 'Shop');
  serviceIn(new NestedStack(new NestedStack(stack, 'Outer'), 'Inner'), 'Orders');
  serviceIn(new NestedStack(stack, 'Other'), 'Orders');
  expect(outputsOf(stack)).toEqual([
    listed('Outer/Inner/Orders', 'OutputDeadLetterQueueUrl'),
    listed('Other/Orders', 'OutputDeadLetterQueueUrl'),
  ]);
});

test('E2: a stage adds nothing to the name of a service', () => {
  const stack = new Stack(new Stage(emptyApp(), 'Prod'), 'Shop');
  serviceIn(stack, 'Orders');
  expect(outputsOf(stack)).toEqual([listed('Orders', 'OutputDeadLetterQueueUrl')]);
});

test('E2: the entry is given as seen from where the app runs', () => {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Shop');
  serviceIn(stack, 'Orders', { entry: `${process.cwd()}/${ENTRY}` });
  Template.fromStack(stack).hasOutput('*', { Value: ENTRY });
});
