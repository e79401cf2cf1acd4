import { Lazy, Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, it } from 'vitest';
import { AsyncService } from '../../../lib/constructs/index.ts';
import { ENTRY, emptyApp } from '../service-in-app.ts';

/** A queue whose ARN is a token that resolves to that of another queue. */
function known(stack: Stack, id: string, arn: () => string) {
  return Queue.fromQueueArn(stack, id, Lazy.string({ produce: arn }));
}

it('rejects an output queue that is the input queue', () => {
  const app = emptyApp();
  const stack = new Stack(app, 'Stack');
  const outputQueue = known(stack, 'Known', () => service.inputQueue.queueArn);
  const service = new AsyncService(stack, 'Service', { entry: ENTRY, output: { queue: outputQueue } });
  expect(() => app.synth()).toThrow(
    'output.queue must not lead back to the input queue, got Stack/Service → Stack/Service',
  );
});

it('rejects a chain of services that leads back to its start', () => {
  const app = emptyApp();
  const stack = new Stack(app, 'Stack');
  const back = known(stack, 'Known', () => first.inputQueue.queueArn);
  const last = new AsyncService(stack, 'Last', { entry: ENTRY, output: { queue: back } });
  const first = new AsyncService(stack, 'First', { entry: ENTRY, output: { queue: last.inputQueue } });
  expect(() => app.synth()).toThrow('Stack/First → Stack/Last → Stack/First');
});

it('accepts a chain of services', () => {
  const app = emptyApp();
  const stack = new Stack(app, 'Stack');
  const last = new AsyncService(stack, 'Last', { entry: ENTRY });
  new AsyncService(stack, 'First', { entry: ENTRY, output: { queue: last.inputQueue } });
  expect(() => app.synth()).not.toThrow();
});

it('distinguishes equal queues in different stacks', () => {
  const app = emptyApp();
  for (const name of ['One', 'Two']) new AsyncService(new Stack(app, name), 'Service', { entry: ENTRY });
  expect(() => app.synth()).not.toThrow();
});
