import { type App, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, EventSourceMapping, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { NODE_24 } from '../../../lib/constructs/functions/node-function.ts';
import { AsyncService, type InputQueueProps } from '../../../lib/constructs/index.ts';
import { ENTRY, emptyApp, readable, resource, resources, serviceIn } from '../service-in-app.ts';

const ARN = 'arn:aws:sqs:us-east-1:123456789012:orders';
const KEY_ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';

function stackIn(app: App = emptyApp(), id = 'Stack'): Stack {
  return new Stack(app, id, { env: { account: '123456789012', region: 'us-east-1' } });
}

/** A queue that has what the service needs. */
function queueIn(stack: Stack, props: QueueProps = {}, maxReceiveCount = 50): Queue {
  const dead = new Queue(stack, 'Dead', { retentionPeriod: Duration.days(14) });
  return new Queue(stack, 'Orders', {
    visibilityTimeout: Duration.minutes(7),
    deadLetterQueue: { queue: dead, maxReceiveCount },
    ...props,
  });
}

function imported(stack: Stack): { queue: IQueue; deadLetterQueue: IQueue } {
  return {
    queue: Queue.fromQueueArn(stack, 'Orders', ARN),
    deadLetterQueue: Queue.fromQueueArn(stack, 'Dead', `${ARN}-dead`),
  };
}

/** What the warning about the queue lists; undefined without a warning. */
function missingIn(stack: Stack): Record<string, unknown> | undefined {
  const [warning] = Annotations.fromStack(stack).findWarning(
    '/Stack/Service',
    Match.stringLikeRegexp('queue.queue is an existing queue'),
  );
  if (!warning) return undefined;
  const text = String(warning.entry.data);
  expect(text).toContain('[ack: coatcheck:inputQueue]');
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
}

/** The error of a service with these props. */
function errorOf(queue: InputQueueProps, stack: Stack): string {
  try {
    serviceIn(stack, { queue });
  } catch (error) {
    return String(error);
  }
  throw new Error('The props were accepted');
}

describe('a queue of the app', () => {
  const stack = stackIn();
  const queue = queueIn(stack);
  const { service, template } = serviceIn(stack, { queue: { queue } });
  const orders = () => resource(template(), 'AWS::SQS::Queue', 'Orders').id;

  it('is the input queue, with its own dead-letter queue', () => {
    expect(service.inputQueue).toBe(queue);
    expect(service.deadLetterQueue).toBe(queue.deadLetterQueue?.queue);
    expect(
      readable(resource(template(), 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor').properties),
    ).toMatchObject({
      EventSourceArn: `<${orders()}.Arn>`,
    });
    expect(resources(template()).filter(({ id }) => id.startsWith('ServiceInput'))).toEqual([]);
  });

  it('gives the function what its template says', () => {
    const { Environment } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties;
    expect(readable(Environment.Variables)).toMatchObject({
      COATCHECK_INPUT_QUEUE_URL: `<${orders()}>`,
      COATCHECK_DEAD_LETTER_QUEUE_URL: `<${resource(template(), 'AWS::SQS::Queue', 'Dead').id}>`,
      COATCHECK_MAX_RECEIVES: '50',
      COATCHECK_VISIBILITY_TIMEOUT_SECONDS: '420',
      COATCHECK_INPUT_RETENTION_SECONDS: '345600',
    });
  });

  it('lets S3 send notifications of uploads before the bucket is deployed', () => {
    const policy = resource(template(), 'AWS::SQS::QueuePolicy', 'Orders');
    expect(readable(policy.properties.PolicyDocument.Statement)).toContainEqual({
      Sid: 'AllowS3Notifications',
      Effect: 'Allow',
      Principal: { Service: 's3.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: `<${orders()}.Arn>`,
      Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
    });
    expect(resource(template(), 'AWS::S3::Bucket').dependsOn).toContain(policy.id);
  });

  it('needs no warning', () => {
    expect(missingIn(stack)).toBeUndefined();
  });
});

it('warns of a dead-letter queue that keeps messages for less than 14 days, because SQS counts from the first enqueue', () => {
  const stack = stackIn();
  const deadLetterQueue = { queue: new Queue(stack, 'Short'), maxReceiveCount: 50 };
  const queue = queueIn(stack, { deadLetterQueue });
  serviceIn(stack, { queue: { queue } });
  expect(missingIn(stack)).toEqual({ DeadLetterQueue: { MessageRetentionPeriod: 1_209_600 } });
});

it('takes a queue that dead-letters nothing itself, since the processor does', () => {
  const stack = stackIn();
  const queue = new Queue(stack, 'Orders', { visibilityTimeout: Duration.minutes(7) });
  const deadLetterQueue = new Queue(stack, 'Dead', { retentionPeriod: Duration.days(14) });
  const { template } = serviceIn(stack, { queue: { queue, deadLetterQueue } });
  const { Environment } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties;
  expect(Environment.Variables).not.toHaveProperty('COATCHECK_MAX_RECEIVES');
});

it('takes a queue of another stack of the app', () => {
  const app = emptyApp();
  const queue = queueIn(stackIn(app, 'Queues'));
  const { template } = serviceIn(stackIn(app), { queue: { queue } });
  const { EventSourceArn } = resource(
    template(),
    'AWS::Lambda::EventSourceMapping',
    'ServiceProcessor',
  ).properties;
  expect(JSON.stringify(EventSourceArn)).toMatch(/Queues.*Orders|Orders.*Queues/);
  expect(() => app.synth()).not.toThrow();
});

describe('an imported queue', () => {
  const stack = stackIn();
  const { template } = serviceIn(stack, {
    queue: { ...imported(stack), visibilityTimeout: Duration.minutes(10), retention: Duration.days(2) },
  });

  it('is polled, and the function reads its maxReceiveCount', () => {
    expect(
      resource(template(), 'AWS::Lambda::EventSourceMapping', 'ServiceProcessor').properties,
    ).toMatchObject({
      EventSourceArn: ARN,
    });
    const { Environment } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties;
    expect(Environment.Variables).toMatchObject({
      COATCHECK_VISIBILITY_TIMEOUT_SECONDS: '600',
      COATCHECK_INPUT_RETENTION_SECONDS: '172800',
    });
    expect(Environment.Variables).not.toHaveProperty('COATCHECK_MAX_RECEIVES');
  });

  it('warns of what its owner must check, as CloudFormation', () => {
    expect(missingIn(stack)).toEqual({
      Queue: {
        VisibilityTimeout: 600,
        MessageRetentionPeriod: 172_800,
        MaximumMessageSize: 1_048_576,
        RedrivePolicy: { deadLetterTargetArn: `${ARN}-dead`, maxReceiveCount: 137 },
      },
      QueuePolicy: {
        PolicyDocument: {
          Statement: [
            {
              Sid: 'AllowS3Notifications',
              Effect: 'Allow',
              Principal: { Service: 's3.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: ARN,
              Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
            },
          ],
        },
      },
      DeadLetterQueue: { MessageRetentionPeriod: 1_209_600 },
    });
  });
});

describe('the key of a queue', () => {
  it('of the app lets S3 use it', () => {
    const stack = stackIn();
    const encryptionMasterKey = new Key(stack, 'Key');
    const { template } = serviceIn(stack, { queue: { queue: queueIn(stack, { encryptionMasterKey }) } });
    expect(resource(template(), 'AWS::KMS::Key').properties.KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({
        Sid: 'AllowS3Notifications',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      }),
    );
  });

  it('that is imported gets a warning with the statement that it needs', () => {
    const stack = stackIn();
    const encryptionMasterKey = Key.fromKeyArn(stack, 'Key', KEY_ARN);
    serviceIn(stack, { queue: { queue: queueIn(stack, { encryptionMasterKey }) } });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Service',
      Match.stringLikeRegexp("The key of queue.queue isn't part of this app[\\s\\S]*AllowS3Notifications"),
    );
  });

  it('that AWS manages is rejected, since S3 cannot use it', () => {
    const stack = stackIn();
    const queue = queueIn(stack, { encryption: QueueEncryption.KMS_MANAGED });
    expect(errorOf({ queue }, stack)).toContain(
      'queue.queue must not be encrypted with the key alias/aws/sqs',
    );
  });
});

describe('a queue that the service cannot use is rejected:', () => {
  it.each<[what: string, props: (stack: Stack) => InputQueueProps, problem: string]>([
    [
      'a FIFO queue',
      (stack) => ({ ...imported(stack), queue: Queue.fromQueueArn(stack, 'Fifo', `${ARN}.fifo`) }),
      "queue.queue must be a standard queue, got the FIFO queue Stack/Fifo: a service takes one only with order: 'fifo'",
    ],
    [
      'one of another region',
      (stack) => ({
        ...imported(stack),
        queue: Queue.fromQueueArn(stack, 'Far', 'arn:aws:sqs:eu-west-1:123456789012:orders'),
      }),
      'queue.queue must be in the region of the service, us-east-1, got one in eu-west-1',
    ],
    [
      'an imported one without its dead-letter queue',
      (stack) => ({ queue: imported(stack).queue }),
      'queue.deadLetterQueue must be the dead-letter queue of queue.queue, got nothing',
    ],
    [
      'one of the app without a dead-letter queue',
      (stack) => ({ queue: new Queue(stack, 'Orders') }),
      'queue.deadLetterQueue must be the dead-letter queue of queue.queue, got nothing',
    ],
    [
      'another dead-letter queue than its own',
      (stack) => ({ queue: queueIn(stack), deadLetterQueue: new Queue(stack, 'Other') }),
      'queue.deadLetterQueue must be the dead-letter queue of queue.queue, Stack/Dead, got Stack/Other: leave it out',
    ],
    [
      'a dead-letter queue alone',
      (stack) => ({ deadLetterQueue: new Queue(stack, 'Other') }),
      'queue.deadLetterQueue must be set together with queue.queue, got it alone',
    ],
    [
      'too few receives',
      (stack) => ({ queue: queueIn(stack, {}, 5) }),
      'The maxReceiveCount of queue.queue must be at least 37 (for a retry.maxAttempts of 5), got 5',
    ],
    [
      "a visibility timeout below the function's timeout",
      (stack) => ({ queue: queueIn(stack, { visibilityTimeout: Duration.seconds(30) }) }),
      'queue.queue.visibilityTimeout must be at least 60 seconds (function.timeout + queue.batchWindow), got 30',
    ],
    [
      'a retention below that of all attempts',
      (stack) => ({ queue: queueIn(stack, { retentionPeriod: Duration.minutes(10) }) }),
      'queue.queue.retention must be at least 4500 seconds',
    ],
    [
      'messages of at most 256 KiB',
      (stack) => ({ queue: queueIn(stack, { maxMessageSizeBytes: 262_144 }) }),
      'queue.queue must accept messages of 1048576 bytes, got 262144: remove its maxMessageSizeBytes',
    ],
    [
      'props that its template has',
      (stack) => ({ queue: queueIn(stack), retention: Duration.days(2) }),
      'queue.retention must not be set together with queue.queue, got 2 days: set it on the queue',
    ],
  ])('%s', (_, props, problem) => {
    const stack = stackIn();
    expect(errorOf(props(stack), stack)).toContain(problem);
  });
});

describe('a queue with two consumers is rejected:', () => {
  const problem = (other: string) =>
    `The input queue of Stack/Service must have no other consumer, got ${other}: each message would go to only one of them`;

  it('two services, also if one imports it by its ARN', () => {
    const stack = stackIn();
    const { service } = serviceIn(stack, { queue: imported(stack) });
    const other = stackIn(stack.node.root as App, 'Other');
    new AsyncService(other, 'Service', { entry: ENTRY, queue: imported(other) });
    expect(service.node.validate()).toEqual([problem('Other/Service')]);
  });

  it('a function of the app', () => {
    const stack = stackIn();
    const queue = queueIn(stack);
    const target = new LambdaFunction(stack, 'Old', {
      runtime: NODE_24,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => {};'),
    });
    new EventSourceMapping(stack, 'OldSource', { target, eventSourceArn: queue.queueArn });
    const { service } = serviceIn(stack, { queue: { queue } });
    expect(service.node.validate()).toEqual([problem('Stack/OldSource/Resource')]);
  });
});
