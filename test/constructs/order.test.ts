import { Duration, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { type AsyncServiceProps, Host } from '../../lib/constructs/index.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from './service-in-app.ts';

describe('a service with order', () => {
  const { template } = serviceInApp({ order: 'fifo', api: {} });
  const idOf = (prefix: string) => resource(template(), 'AWS::SQS::Queue', prefix).id;

  it.each(['ServiceInputQueue', 'ServiceInputDeadLetters', 'ServiceOutputQueue', 'ServiceOutputDeadLetters'])(
    'has the FIFO queue %s, whose throughput is that of each group',
    (prefix) => {
      expect(resource(template(), 'AWS::SQS::Queue', prefix).properties).toMatchObject({
        FifoQueue: true,
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      });
    },
  );

  it('keeps messages in the input queue that go back often because they are behind others', () => {
    const { RedrivePolicy } = resource(template(), 'AWS::SQS::Queue', 'ServiceInputQueue').properties;
    expect(RedrivePolicy.maxReceiveCount).toBe(1_000);
    const { Environment } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties;
    expect(Environment.Variables).toMatchObject({
      COATCHECK_MAX_RECEIVES: '1000',
      COATCHECK_ON_EXHAUSTED: 'skip',
    });
  });

  it('polls without a batch window, which Lambda does not have for FIFO queues', () => {
    const mapping = resource(template(), 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor');
    expect(mapping.properties).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(mapping.properties).not.toHaveProperty('MaximumBatchingWindowInSeconds');
  });

  it('gives the workers of Fargate the same queues', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const host = Host.fargate({ vpc: new Vpc(stack, 'Vpc') });
    const { template: onFargate } = serviceIn(stack, {
      order: 'fifo',
      retry: { onExhausted: 'block' },
      host,
    });
    const { properties } = resource(onFargate(), 'AWS::ECS::TaskDefinition');
    const input = resource(onFargate(), 'AWS::SQS::Queue', 'ServiceInputQueue');
    expect(input.properties.FifoQueue).toBe(true);
    expect(readable(properties.ContainerDefinitions[0].Environment)).toEqual(
      expect.arrayContaining([
        { Name: 'COATCHECK_INPUT_QUEUE_URL', Value: `<${input.id}>` },
        { Name: 'COATCHECK_ON_EXHAUSTED', Value: 'block' },
      ]),
    );
  });

  it('has S3 notify a standard queue, from which the relay takes uploads', () => {
    const uploads = idOf('ServiceUploadsQueue');
    expect(resource(template(), 'AWS::SQS::Queue', 'ServiceUploadsQueue').properties).not.toHaveProperty(
      'FifoQueue',
    );
    const { NotificationConfiguration } = resource(template(), 'AWS::S3::Bucket').properties;
    expect(readable(NotificationConfiguration.QueueConfigurations)).toMatchObject([
      { Queue: `<${uploads}.Arn>` },
    ]);
    const mapping = resource(template(), 'AWS::Lambda::EventSourceMapping', 'ServiceRelay');
    expect(readable(mapping.properties)).toMatchObject({
      FunctionName: `<${resource(template(), 'AWS::Lambda::Function', 'ServiceRelay').id}>`,
      EventSourceArn: `<${uploads}.Arn>`,
    });
    const { properties } = resource(template(), 'AWS::CloudWatch::Alarm', 'ServiceAlarmsUploadDeadLetters');
    expect(readable(properties.Dimensions)).toMatchObject([
      { Value: `<${idOf('ServiceUploadsDeadLetters')}.QueueName>` },
    ]);
  });

  it('lets the relay receive notifications, read metadata and send to the input queue', () => {
    const bucket = resource(template(), 'AWS::S3::Bucket').id;
    const statements = resources(template())
      .filter(({ id, type }) => type === 'AWS::IAM::Policy' && id.startsWith('ServiceRelayRole'))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement);
    expect(readable(statements)).toEqual(
      expect.arrayContaining([
        { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: `<${idOf('ServiceInputQueue')}.Arn>` },
        {
          Effect: 'Allow',
          Action: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          Resource: `<${idOf('ServiceUploadsQueue')}.Arn>`,
        },
        {
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:GetObjectVersion'],
          Resource: `<${bucket}.Arn>/requests/*`,
        },
      ]),
    );
  });

  nagIt('has no findings', () => {
    expect(nagFindingsIn(serviceInApp({ order: 'fifo' }).stack)).toEqual([]);
  });
});

it('blocks a group if it is asked to', () => {
  const { template } = serviceInApp({ order: 'fifo', retry: { onExhausted: 'block' } });
  const { Environment } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties;
  expect(Environment.Variables).toMatchObject({ COATCHECK_ON_EXHAUSTED: 'block' });
});

it('takes existing FIFO queues, whose policy S3 does not need', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const deadLetterQueue = { queue: new Queue(stack, 'Dead', { fifo: true }), maxReceiveCount: 1_000 };
  const queue = new Queue(stack, 'Own', {
    fifo: true,
    deadLetterQueue,
    visibilityTimeout: Duration.minutes(6),
    // S3, which could not use this key, sends nothing to it.
    encryption: QueueEncryption.KMS_MANAGED,
  });
  const output = new Queue(stack, 'Out', { fifo: true });
  const { template } = serviceIn(stack, { order: 'fifo', queue: { queue }, output: { queue: output } });
  const mapping = resource(template(), 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor');
  expect(readable(mapping.properties)).toMatchObject({
    EventSourceArn: `<${resource(template(), 'AWS::SQS::Queue', 'Own').id}.Arn>`,
  });
  const policies = resources(template()).filter(({ type }) => type === 'AWS::SQS::QueuePolicy');
  const notified = policies.filter(({ properties }) =>
    JSON.stringify(properties).includes('AllowS3Notifications'),
  );
  expect(notified.map(({ id }) => id)).toEqual([expect.stringMatching(/^ServiceUploadsQueue/)]);
});

describe('a service is refused', () => {
  function problemsOf(props: (stack: Stack) => Partial<AsyncServiceProps>): () => unknown {
    const stack = new Stack(emptyApp(), 'Stack');
    return () => serviceIn(stack, props(stack));
  }

  function standard(stack: Stack): IQueue {
    return Queue.fromQueueArn(stack, 'Standard', 'arn:aws:sqs:us-east-1:123456789012:own');
  }

  it.each<[string, (stack: Stack) => Partial<AsyncServiceProps>, string]>([
    [
      'with another order',
      () => ({ order: 'lifo' as 'fifo' }),
      'order must be \'fifo\', got "lifo": leave it out for no order',
    ],
    [
      'with large batches',
      () => ({ order: 'fifo', queue: { batchSize: 20, batchWindow: Duration.seconds(1) } }),
      "queue.batchSize must be at most 10 with order: 'fifo', got 20: Lambda takes no more from a FIFO queue",
    ],
    [
      'with a batch window',
      () => ({ order: 'fifo', queue: { batchWindow: Duration.seconds(1) } }),
      "queue.batchWindow must not be set with order: 'fifo', got 1 second: Lambda has no batch window for FIFO queues",
    ],
    [
      'with a standard output queue',
      (stack) => ({ order: 'fifo', output: { queue: standard(stack) } }),
      "output.queue must be a FIFO queue with order: 'fifo', got the standard queue Stack/Standard",
    ],
    [
      'that blocks without order',
      () => ({ retry: { onExhausted: 'block' } }),
      "retry.onExhausted needs order: 'fifo', got block without it: no request waits for another",
    ],
    [
      'with an unknown onExhausted',
      () => ({ order: 'fifo', retry: { onExhausted: 'stop' as 'skip' } }),
      'retry.onExhausted must be one of skip, block, got "stop"',
    ],
  ])('%s', (_, props, problem) => {
    expect(problemsOf(props)).toThrow(problem);
  });

  it('with an existing queue that would dead-letter messages which are received behind others', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const deadLetterQueue = { queue: new Queue(stack, 'Dead', { fifo: true }), maxReceiveCount: 100 };
    const queue = new Queue(stack, 'Own', {
      fifo: true,
      deadLetterQueue,
      visibilityTimeout: Duration.minutes(6),
    });
    expect(() => serviceIn(stack, { order: 'fifo', queue: { queue } })).toThrow(
      'The maxReceiveCount of queue.queue must be at least 370 (for a retry.maxAttempts of 5), got 100',
    );
  });

  it('with an existing queue that keeps no order', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const queue = standard(stack);
    expect(() => serviceIn(stack, { order: 'fifo', queue: { queue, deadLetterQueue: queue } })).toThrow(
      "queue.queue must be a FIFO queue with order: 'fifo', got the standard queue Stack/Standard",
    );
  });
});
