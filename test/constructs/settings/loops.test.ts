import { Lazy, Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, it } from 'vitest';
import { AsyncService } from '../../../lib/constructs/index.ts';
import { ENTRY, emptyApp } from '../service-in-app.ts';

/** A queue that turns out to be another one's ARN only when everything is there. */
function known(stack: Stack, id: string, arn: () => string) {
  return Queue.fromQueueArn(stack, id, Lazy.string({ produce: arn }));
}

it('refuses an output queue that is the input queue', () => {
  const app = emptyApp();
  const stack = new Stack(app, 'Stack');
  const outputQueue = known(stack, 'Known', () => service.inputQueue.queueArn);
  const service = new AsyncService(stack, 'Service', { entry: ENTRY, output: { queue: outputQueue } });
  expect(() => app.synth()).toThrow(
    'The output queue leads back to the input queue: Stack/Service → Stack/Service',
  );
});

it('refuses a chain of services that leads back to its start', () => {
  const app = emptyApp();
  const stack = new Stack(app, 'Stack');
  const back = known(stack, 'Known', () => first.inputQueue.queueArn);
  const last = new AsyncService(stack, 'Last', { entry: ENTRY, output: { queue: back } });
  const first = new AsyncService(stack, 'First', { entry: ENTRY, output: { queue: last.inputQueue } });
  expect(() => app.synth()).toThrow('Stack/First → Stack/Last → Stack/First');
});

it('lets a chain of services be', () => {
  const app = emptyApp();
  const stack = new Stack(app, 'Stack');
  const last = new AsyncService(stack, 'Last', { entry: ENTRY });
  new AsyncService(stack, 'First', { entry: ENTRY, output: { queue: last.inputQueue } });
  expect(() => app.synth()).not.toThrow();
});

it('tells alike queues of different stacks apart', () => {
  const app = emptyApp();
  for (const name of ['One', 'Two']) new AsyncService(new Stack(app, name), 'Service', { entry: ENTRY });
  expect(() => app.synth()).not.toThrow();
});
